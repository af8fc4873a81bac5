import { testOutbox } from '../../../test/support/outbox-suite/outbox-suite.ts';
import { makeSqlitePlace } from '../../../test/support/sqlite-place.ts';

testOutbox('SQLite', () => makeSqlitePlace());
