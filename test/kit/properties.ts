/**
 * fast-check with the same seed in every run: a test that fails shall fail again for whoever looks into it, and no change shall be
 * refused for what was wrong before it. `SHADOWCAT_TEST_SEED=any` looks for what nobody has met yet; what it prints names the seed.
 */
import fc from 'fast-check';

const usualSeed = 20_261_127;
const wished = process.env['SHADOWCAT_TEST_SEED'];

fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  ...(wished === 'any' ? {} : { seed: wished === undefined ? usualSeed : Number(wished) }),
});

export { fc };
