/**
 * The Authorization value in the payload of a message. Clients name it as they like, at the top of the payload or under
 * `headers`: both are common.
 */
export function credentialsIn(payload: Readonly<Record<string, unknown>>): string | undefined {
  const { headers } = payload;
  const places = [payload, typeof headers === 'object' && headers !== null ? headers : {}];
  for (const [name, value] of places.flatMap((place) => Object.entries(place))) {
    if (name.toLowerCase() === 'authorization' && typeof value === 'string') return value;
  }
  return undefined;
}
