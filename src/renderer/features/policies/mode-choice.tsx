/** How far something goes: it acts, it only notes what it would do, or it does not look. */
import { Segmented } from '../../ui/segmented.tsx';

const options = [
  { value: 'enforce', label: 'Enforce', title: 'It acts' },
  { value: 'shadow', label: 'Shadow', title: 'It notes what it would refuse, and refuses nothing' },
  { value: 'off', label: 'Off', title: 'It does not look' },
] as const;

interface ModeChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (mode: string) => void;
}

export function ModeChoice({ label, value, onChange }: ModeChoiceProps) {
  return <Segmented<string> label={label} value={value} options={options} onChange={mode => mode !== value && onChange(mode)} />;
}
