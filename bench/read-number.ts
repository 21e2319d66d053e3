import { UsageError } from '../runtime/usage-error.ts';

/** @throws UsageError the option is no number of that range */
export function readNumber(option: string, text: string, { min, max }: { readonly min: number; readonly max: number }) {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && min <= value && value <= max) return value;
  throw new UsageError(`${option} is "${text}". Write a number from ${min} to ${max}.`);
}
