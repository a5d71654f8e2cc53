/** References to environment variables that are not set where this runs: a warning, as the file may be meant for another place. */
import { scanReferences } from '../../../shared/config/secret-references.ts';
import { everyText } from '../config-texts.ts';
import { type ConfigCheck, warning } from './check.ts';

/** `env` is the environment that the references would be looked up in. */
export function unsetVariables(env: Readonly<Record<string, string | undefined>>): ConfigCheck {
  return config =>
    [...everyText(config)].flatMap(({ path, text, trait }) =>
      trait === undefined
        ? []
        : scanReferences(text)
            .found.filter(({ kind, name }) => kind === 'env' && env[name] === undefined)
            .map(({ name }) =>
              warning(path, `${name} is not set in this environment. Set it where the gateway starts, or what needs it fails.`),
            ),
    );
}
