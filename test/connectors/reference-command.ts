type Common = 'transitionId' | 'plantCode' | 'expectedVersion' | 'actorId' | 'occurredAt';

/** What a command says besides who, when and where. */
export type Body<Command> = Command extends unknown ? Omit<Command, Common> : never;

/** Makes whole commands for Berlin, each of a transition of its own. */
export function commandsOf<Command>(actorId: string) {
  let transitions = 0;
  return (body: Body<Command>, over: Partial<Command> = {}): Command => {
    transitions += 1;
    const common = {
      transitionId: `T${transitions}`,
      plantCode: 'BER',
      expectedVersion: null,
      actorId,
      occurredAt: '2026-11-23T06:00:00.000Z',
    };
    return { ...common, ...body, ...over } as Command;
  };
}

/** Who may read every plant. */
export const everything = { plantCodes: null, partner: null };

export const page = (first = 100, after: string | null = null) => ({ first, after });

/** Of a caller who does not give up. */
export const { signal } = new AbortController();
