/** A workbench around what is tested, on a host that answers what it is told to. */
import { createElement, type ReactNode } from 'react';
import { WorkbenchContext } from '../../src/renderer/state/use-workbench.ts';
import { workbench } from '../../src/renderer/state/workbench.ts';
import { FakeHost } from './fake-host.ts';

export function workbenchDouble(answers: ConstructorParameters<typeof FakeHost>[0] = {}) {
  const host = new FakeHost(answers);
  const bench = workbench(host, document.createElement('div'));
  return { host, bench, around: (children: ReactNode) => createElement(WorkbenchContext, { value: bench }, children) };
}
