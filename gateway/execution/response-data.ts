/** An object of the response while it grows: plain JSON data, with a `Failure` where a value is missing. */
export type ResponseObject = Record<string, unknown>;

export function isResponseObject(value: unknown): value is ResponseObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function typenameOf(value: ResponseObject): string | undefined {
  const name = value['__typename'];
  return typeof name === 'string' ? name : undefined;
}

/** A field may be answered under the name of a method that objects inherit (`constructor`); data has no functions. */
export function ownValue(object: ResponseObject, key: string): unknown {
  const value = object[key];
  return typeof value === 'function' ? undefined : value;
}
