import { describeCrashes } from './crashes.ts';

describeCrashes('data directory', async () => ({}));
