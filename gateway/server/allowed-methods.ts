/** What may be asked of /graphql (RFC 9110, 10.2.1): PUT and DELETE are about reserved event streams. */
export const allowedMethods = 'GET, HEAD, POST, PUT, DELETE, OPTIONS';
