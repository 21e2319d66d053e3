import { naturalKey } from '../natural-key.ts';
import type { Target } from './port.ts';

/** What a hold stands on, as the one text that the reference QMS compares: `lot/WATER-05L/L10001`. */
export function targetText({ type, key }: Target): string {
  return naturalKey(type, ...key);
}

export function targetOfText(text: string): Target {
  const [type = '', ...key] = text.split('/').map(decodeURIComponent);
  return { type, key };
}
