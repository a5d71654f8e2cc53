/** Joins class names, leaving out what is not there. */
export function cn(...names: readonly (string | false | undefined)[]): string {
  return names.filter(name => name !== false && name !== undefined && name !== '').join(' ');
}
