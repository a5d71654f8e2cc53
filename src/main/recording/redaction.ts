/** Payload masking for display and export; the work is pure and lives where the store and the window can use it too. */
export { isSecretName, MASK, maskText, type Masked } from '../../shared/redaction/mask-text.ts';
