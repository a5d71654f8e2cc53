/** Short messages at the lower edge, some with a way back. */
import { X } from 'lucide-react';
import { visibleText } from '../../shared/text/visible-text.ts';
import { useNow, useWindow, useWorkbench } from '../state/use-workbench.ts';
import { cn } from '../ui/cn.ts';
import { IconButton } from '../ui/icon-button.tsx';
import type { Toast } from '../state/window-store.ts';

export function Toasts() {
  const toasts = useWindow(state => state.toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map(toast => (
        <ToastLine key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastLine({ toast }: { readonly toast: Toast }) {
  const { window: store } = useWorkbench();
  const now = useNow(toast.action !== undefined);
  const { action } = toast;
  const left = Math.max(0, Math.ceil((toast.untilAt - now) / 1000));
  return (
    <div className={cn('toast', toast.tone)}>
      <span>{visibleText(toast.text)}</span>
      {action !== undefined && (
        <button
          type="button"
          className="btn"
          onClick={() => {
            action.run();
            store.dismissToast(toast.id);
          }}
        >
          {action.label}
          <span className="quiet" aria-hidden="true">
            {left} s
          </span>
        </button>
      )}
      <IconButton icon={X} label="Dismiss" onClick={() => store.dismissToast(toast.id)} />
    </div>
  );
}
