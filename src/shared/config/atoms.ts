/** The values that the configuration is made of, besides durations and sizes. */
import { z } from 'zod';

/** How a text of the configuration is treated besides its form: whether references are resolved in it, and whether it is hidden. */
export interface TextTrait {
  readonly kind: 'secret' | 'certificate' | 'variable';
}
/** By schema; texts that are not registered hold no references. */
export const textTraits = z.registry<TextTrait>();

/** What a guard does with what it finds: act, only count it, or not look. */
export const Mode = z.enum(['enforce', 'shadow', 'off']);
export type Mode = z.infer<typeof Mode>;

/** A secret by reference, or a literal (which `config check` warns of and `config print` hides). */
export const Secret = z.string().min(1).register(textTraits, { kind: 'secret' });
/** PEM, by reference or as it is; nothing to hide. */
export const Certificate = z.string().min(1).register(textTraits, { kind: 'certificate' });
/** A variable of a child's environment: a reference, or a literal that is a secret only if its name says so. */
export const Variable = z.string().register(textTraits, { kind: 'variable' });

export const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'A name has letters, digits, ".", "_" and "-", at most 64.');
export const HeaderName = z.string().regex(/^[A-Za-z0-9-]+$/, 'A header name has letters, digits and "-".');
export const Port = z.number().int().min(0).max(65_535);
export const Globs = z.array(z.string().min(1).max(200)).min(1).max(200);
export const HttpUrl = z.url({ protocol: /^https?$/ });
export const Scopes = z.array(z.string().min(1)).max(200);
