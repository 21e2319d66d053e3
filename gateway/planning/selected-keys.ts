/**
 * In a disentangled operation everything that the client selects has a response key of its own, so that nothing that
 * the planner adds can meet it. See `disentangle`.
 */
const prefix = '_selected_';

export const selectedKey = (key: string): string => prefix + key;

export const isSelectedKey = (key: string): boolean => key.startsWith(prefix);

/** The key as the client wrote it. */
export const clientKey = (key: string): string => (isSelectedKey(key) ? key.slice(prefix.length) : key);
