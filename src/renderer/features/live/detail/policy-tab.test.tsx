/** The decisions of the guards in a real browser: in order, in words, with who decided and why. */
import { expect, test } from 'vitest';
import { render } from 'vitest-browser-react';
import type { FrameSummary } from '../../../../shared/model/frame.ts';
import { decisionCount, PolicyTab } from './policy-tab.tsx';

const frame = (seq: number, verdicts: FrameSummary['verdicts']): FrameSummary => ({
  sessionId: 's',
  seq,
  at: 0,
  monotonicUs: 0,
  direction: 'fromClient',
  transport: 'streamable-http',
  delivery: 'body',
  kind: 'request',
  sizeBytes: 0,
  storedBytes: 0,
  flags: [],
  preview: '',
  verdicts,
});

test('decisions are told in order, with who decided and why', async () => {
  const frames = [
    frame(1, [
      { stage: 'authenticate', kind: 'passed', id: 'key:ci' },
      { stage: 'apply-policy', kind: 'shadow', id: 'suspicious', reason: 'would deny', version: 'abc', evaluationUs: 12.4 },
    ]),
    frame(2, [{ stage: 'limit-rate', kind: 'refused', id: 'scarce', tier: 'endpoint', reason: 'over 1 per hour' }]),
  ];
  expect(decisionCount(frames)).toBe(3);
  const screen = await render(<PolicyTab frames={frames} />);
  const rows = screen
    .getByRole('row')
    .elements()
    .map(row => row.textContent);
  expect(rows).toEqual([
    'GuardDecisionByReasonTook',
    'Authenticationpassedkey:ci',
    'Policywould refusesuspiciouswould deny abc12 µs',
    'Limitrefusedscarce endpointover 1 per hour',
  ]);
});

test('a policy can be begun from a call, where one can be about it', async () => {
  let made = 0;
  const screen = await render(<PolicyTab frames={[frame(1, [])]} onMakePolicy={() => (made += 1)} />);
  await screen.getByRole('button', { name: 'Make a policy from this' }).click();
  expect(made).toBe(1);
  await screen.rerender(<PolicyTab frames={[frame(1, [])]} />);
  expect(screen.getByRole('button').elements()).toEqual([]);
});
