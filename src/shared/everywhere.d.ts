/**
 * The few globals that Node and browsers both have. `shared` compiles without the libraries of either, so
 * that nothing else slips in; what is really everywhere is declared here, as narrowly as we use it.
 */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: Uint8Array, options?: { stream?: boolean }): string;
}

declare class TextEncoder {
  encode(input?: string): Uint8Array;
}
