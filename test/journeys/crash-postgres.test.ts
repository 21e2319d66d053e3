import { sharedPostgres } from '../support/postgres.ts';
import { describeCrashes } from './crashes.ts';

describeCrashes('PostgreSQL database', async () => ({ DATABASE_URL: await (await sharedPostgres()).createDatabase() }));
