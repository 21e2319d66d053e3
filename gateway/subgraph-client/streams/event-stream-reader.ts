/** One event of a stream of `text/event-stream`. */
export interface ServerSentEvent {
  /** Empty where the stream did not name it. */
  readonly type: string;
  readonly data: string;
  /** The id that the stream has given last, with this event or before it; empty where it took it back. */
  readonly id: string | undefined;
}

export interface EventStreamOptions {
  /** Bytes of one event at most. */
  readonly maxBytes: number;
  event(event: ServerSentEvent): void;
  /** A line that says nothing: how servers show that they are there. */
  comment(): void;
}

/** One event has more bytes than it may. */
export class EventTooLargeError extends Error {
  constructor(maxBytes: number) {
    super(`An event has more than ${maxBytes} bytes.`);
    this.name = 'EventTooLargeError';
  }
}

/**
 * Reads server-sent events from bytes, wherever these are cut (HTML standard, 9.2.6). Other than browsers it takes an event
 * that has a name and no data: servers end streams so.
 */
export class EventStreamReader {
  readonly #options: EventStreamOptions;
  readonly #decoder = new TextDecoder();
  #line = '';
  #endedInReturn = false;
  /** Of the lines of the event that has begun. */
  #bytes = 0;
  #type = '';
  #data: string[] = [];
  #id: string | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  /** @throws EventTooLargeError */
  push(chunk: Uint8Array): void {
    const decoded = this.#decoder.decode(chunk, { stream: true });
    if (decoded !== '') this.#split(decoded);
  }

  #split(decoded: string): void {
    const text = this.#endedInReturn && decoded.startsWith('\n') ? decoded.slice(1) : decoded;
    this.#endedInReturn = decoded.endsWith('\r');
    let from = 0;
    for (const { index, 0: end } of text.matchAll(/\r\n?|\n/g)) {
      const line = this.#line + text.slice(from, index);
      this.#line = '';
      from = index + end.length;
      if (line === '') this.#dispatch();
      else this.#read(line);
    }
    this.#line += text.slice(from);
    this.#check(this.#line.length);
  }

  #check(unread: number): void {
    if (this.#bytes + unread > this.#options.maxBytes) throw new EventTooLargeError(this.#options.maxBytes);
  }

  #read(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) {
      this.#options.comment();
      return;
    }
    this.#bytes += Buffer.byteLength(line);
    this.#check(0);
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
  }

  #dispatch(): void {
    const [type, data] = [this.#type, this.#data];
    this.#type = '';
    this.#data = [];
    this.#bytes = 0;
    if (type !== '' || data.length > 0) this.#options.event({ type, data: data.join('\n'), id: this.#id });
  }
}
