import fc from 'fast-check';

/**
 * Every run draws the same cases, so that a verdict is about the change and not about luck. `ANDON_PROPERTY_SEED=random`
 * draws others, a number those of that number; a failure prints the seed that shows it again.
 */
const chosen = process.env['ANDON_PROPERTY_SEED'] ?? '20261121';
if (chosen !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(chosen) });
