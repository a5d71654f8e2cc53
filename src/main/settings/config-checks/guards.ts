/** Limits, policies, sessions and logs: entries that can be told apart and do what they seem to. */
import { nearestWord } from '../../../shared/filters/nearest-word.ts';
import type { Config } from '../../../shared/config/schema.ts';
import type { ConfigFinding } from '../config-problem.ts';
import { cidrProblem, type ConfigCheck, repeated, warning } from './check.ts';

export const checkGuards: ConfigCheck = config => [...limits(config), ...policies(config), ...defaults(config), ...levels(config)];

function limits({ limits: all }: Config): ConfigFinding[] {
  return [
    ...repeated(all, ({ id }) => id).map(({ at }) => ({
      path: ['limits', at, 'id'],
      message: 'Another limit has this id; choose another one.',
    })),
    ...all.flatMap((limit, at) =>
      (limit.exempt?.addresses ?? []).flatMap((text, address) => {
        const message = cidrProblem(text);
        return message === undefined ? [] : [{ path: ['limits', at, 'exempt', 'addresses', address], message }];
      }),
    ),
  ];
}

function policies({ policies: all }: Config): ConfigFinding[] {
  return [
    ...repeated(all, ({ id }) => id).map(({ at }) => ({
      path: ['policies', at, 'id'],
      message: 'Another policy has this id; choose another one.',
    })),
    ...all.flatMap(({ effect, when, match }, at) => {
      if (effect === 'require' && when === undefined)
        return [warning(['policies', at], 'require without when is always met; add when, or remove the policy.')];
      if (effect === 'deny' && when === undefined && match === undefined)
        return [warning(['policies', at], 'deny without match and when refuses every request.')];
      return [];
    }),
  ];
}

/** With auth, what no policy allows is denied: that surprises whoever has not said so. */
function defaults({ listeners, policies: all, defaults: { effect }, policyMode }: Config): ConfigFinding[] {
  const withAuth = listeners.filter(({ auth }) => auth !== undefined).map(({ name }) => name);
  if (effect !== undefined || withAuth.length === 0) return [];
  const canAllow = all.some(policy => policy.effect === 'allow' && policy.mode === 'enforce');
  const outcome =
    canAllow || policyMode !== 'enforce'
      ? 'what no policy allows is denied there'
      : 'every call is denied there, because no policy allows any';
  return [
    warning(
      ['defaults', 'effect'],
      `defaults.effect is not said; ${withAuth.join(', ')} has auth, so ${outcome}. Write defaults: { effect: deny } or allow.`,
    ),
  ];
}

const components = ['gateway', 'auth', 'limits', 'policy', 'upstream', 'config', 'access'];

function levels({ logging }: Config): ConfigFinding[] {
  return Object.keys(logging.levels)
    .filter(name => !components.includes(name))
    .map(name => {
      const guess = nearestWord(name, components);
      const advice = guess === undefined ? `there are ${components.join(', ')}.` : `did you mean ${guess}?`;
      return { path: ['logging', 'levels', name], message: `No component is named ${name}; ${advice}`, isAboutKey: true };
    });
}
