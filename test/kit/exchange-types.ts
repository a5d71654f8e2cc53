/** The types of the pipeline under one name, for tests. */
import type { Guard } from '../../src/main/pipeline/guard.ts';
import type { Exchange } from '../../src/main/pipeline/stage.ts';

export type { Answer, BodySink, Exchange, Next } from '../../src/main/pipeline/stage.ts';

/** An exchange of a guarded route. */
export type Guarded = Exchange & { readonly guard: Guard };
