/** What an interlock forbids to do with the thing that it stands on. */
export const restrictions = [
  'CONSUME',
  'MOVE',
  'PICK',
  'SHIP',
  'START_OPERATION',
  'COMPLETE_OPERATION',
  'SCHEDULE',
  'RECEIVE',
  'PURCHASE',
] as const;

export type Restriction = (typeof restrictions)[number];
