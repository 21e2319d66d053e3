/** Marks an event with the id that its stream gave it: what is sent back as `Last-Event-ID` to go on after it. */
export const eventId: unique symbol = Symbol('eventId');
