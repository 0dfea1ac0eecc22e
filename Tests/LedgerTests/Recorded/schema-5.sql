-- The store as 0.1.0 makes it (schema 5), recorded from `closectl init`. Never edited.
CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters VALUES('invoice_number',0);
CREATE TABLE accounts (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  currency TEXT NOT NULL,
  country TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  collection TEXT NOT NULL CHECK (collection IN ('auto', 'manual')),
  payment_method TEXT,
  hold_after_days INTEGER NOT NULL,
  closed INTEGER NOT NULL CHECK (closed IN (0, 1)),
  position INTEGER NOT NULL DEFAULT 0,
  balance_minor INTEGER NOT NULL DEFAULT 0,
  credit_minor INTEGER NOT NULL DEFAULT 0 CHECK (credit_minor >= 0),
  held_for_invoice TEXT,
  usage_version INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE catalogs (
  currency TEXT NOT NULL,
  version INTEGER NOT NULL,
  content TEXT NOT NULL,
  stored_at INTEGER NOT NULL,
  PRIMARY KEY (currency, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE metrics (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE usage (
  account INTEGER NOT NULL REFERENCES accounts,
  event_id TEXT NOT NULL,
  period INTEGER NOT NULL,
  metric INTEGER NOT NULL,
  coefficient INTEGER NOT NULL,
  scale INTEGER NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  PRIMARY KEY (account, event_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE usage_sums (
  account INTEGER NOT NULL REFERENCES accounts,
  period INTEGER NOT NULL,
  metric INTEGER NOT NULL,
  scale INTEGER NOT NULL,
  coefficient INTEGER NOT NULL,
  events INTEGER NOT NULL,
  PRIMARY KEY (account, period, metric, scale)
) STRICT, WITHOUT ROWID;
CREATE TABLE unbilled_periods (
  account INTEGER NOT NULL REFERENCES accounts,
  period INTEGER NOT NULL,
  PRIMARY KEY (account, period)
) STRICT, WITHOUT ROWID;
CREATE TABLE billed_usage (
  account INTEGER NOT NULL REFERENCES accounts,
  period INTEGER NOT NULL,
  product TEXT NOT NULL,
  quantity TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  PRIMARY KEY (account, period, product)
) STRICT, WITHOUT ROWID;
CREATE TABLE invoices (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  number INTEGER NOT NULL UNIQUE,
  account INTEGER NOT NULL REFERENCES accounts,
  period INTEGER NOT NULL,
  currency TEXT NOT NULL,
  catalog_version INTEGER NOT NULL,
  net_minor INTEGER NOT NULL,
  tax_minor INTEGER NOT NULL,
  total_minor INTEGER NOT NULL,
  open_minor INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'paid', 'void')),
  issued_at INTEGER NOT NULL
) STRICT;
CREATE TABLE invoice_lines (
  invoice INTEGER NOT NULL REFERENCES invoices,
  line INTEGER NOT NULL,
  product TEXT NOT NULL,
  text TEXT NOT NULL,
  quantity TEXT,
  unit TEXT,
  amount_minor INTEGER NOT NULL,
  tax_name TEXT,
  tax_rate TEXT,
  corrects_period INTEGER,
  PRIMARY KEY (invoice, line)
) STRICT, WITHOUT ROWID;
CREATE TABLE invoice_taxes (
  invoice INTEGER NOT NULL REFERENCES invoices,
  line INTEGER NOT NULL,
  name TEXT NOT NULL,
  rate TEXT NOT NULL,
  taxable_minor INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL,
  PRIMARY KEY (invoice, line)
) STRICT, WITHOUT ROWID;
CREATE TABLE transactions (
  sequence INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts,
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  reference TEXT NOT NULL,
  currency TEXT NOT NULL,
  service TEXT NOT NULL,
  posted_at INTEGER NOT NULL,
  UNIQUE (account, position),
  UNIQUE (account, kind, reference)
) STRICT;
CREATE TABLE entries (
  sequence INTEGER NOT NULL
    REFERENCES transactions (sequence) DEFERRABLE INITIALLY DEFERRED,
  line INTEGER NOT NULL,
  ledger_account TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  invoice INTEGER REFERENCES invoices,
  PRIMARY KEY (sequence, line)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempts (
  invoice INTEGER NOT NULL REFERENCES invoices,
  number INTEGER NOT NULL,
  key TEXT NOT NULL UNIQUE,
  amount_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  state TEXT NOT NULL,
  gateway_id TEXT,
  decline_code TEXT,
  rule TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  settled_at INTEGER,
  PRIMARY KEY (invoice, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE decisions (
  sequence INTEGER PRIMARY KEY,
  service TEXT NOT NULL,
  message_id TEXT NOT NULL,
  account INTEGER NOT NULL,
  period INTEGER,
  decided_at INTEGER NOT NULL,
  rule TEXT NOT NULL,
  finding TEXT NOT NULL,
  explanation TEXT NOT NULL,
  believed TEXT,
  found TEXT,
  UNIQUE (message_id, service, account)
) STRICT;
CREATE TABLE outgoing_events (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  service TEXT NOT NULL,
  message_id TEXT NOT NULL,
  answered_for INTEGER NOT NULL,
  type TEXT NOT NULL,
  routing_key TEXT NOT NULL,
  account TEXT,
  period INTEGER,
  recorded_at INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (id, service)
) STRICT;
CREATE TABLE unpublished_events (
  sequence INTEGER PRIMARY KEY REFERENCES outgoing_events,
  service TEXT NOT NULL,
  recorded_at INTEGER NOT NULL
) STRICT;
CREATE TABLE mails (
  about TEXT NOT NULL,
  account INTEGER NOT NULL REFERENCES accounts,
  kind TEXT NOT NULL,
  period INTEGER,
  message_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intended', 'sent', 'suppressed', 'refused')),
  reason TEXT,
  recorded_at INTEGER NOT NULL,
  ended_at INTEGER,
  PRIMARY KEY (about, account, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE holds (
  key INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts,
  invoice INTEGER NOT NULL REFERENCES invoices,
  placed_by TEXT NOT NULL,
  placed_at INTEGER NOT NULL,
  lifted_by TEXT,
  lifted_at INTEGER
) STRICT;
CREATE TABLE due_work (
  key INTEGER PRIMARY KEY,
  service TEXT NOT NULL,
  kind TEXT NOT NULL,
  reference TEXT NOT NULL,
  account INTEGER NOT NULL REFERENCES accounts,
  invoice INTEGER NOT NULL REFERENCES invoices,
  due_at INTEGER NOT NULL,
  causation_id TEXT,
  state TEXT NOT NULL CHECK (state IN ('pending', 'taken', 'cancelled')),
  UNIQUE (service, kind, reference)
) STRICT;
CREATE TABLE close_runs (
  period INTEGER PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('running', 'closed')),
  requested_by TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  closed_at INTEGER,
  expected INTEGER NOT NULL,
  ranges INTEGER NOT NULL,
  range_size INTEGER NOT NULL,
  finished INTEGER NOT NULL DEFAULT 0 CHECK (finished BETWEEN 0 AND expected)
) STRICT;
CREATE TABLE close_members (
  period INTEGER NOT NULL REFERENCES close_runs,
  account INTEGER NOT NULL REFERENCES accounts,
  place INTEGER NOT NULL,
  milestones INTEGER NOT NULL DEFAULT 0,
  ended TEXT,
  PRIMARY KEY (period, account)
) STRICT, WITHOUT ROWID;
CREATE TABLE close_ranges (
  period INTEGER NOT NULL REFERENCES close_runs,
  number INTEGER NOT NULL,
  done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
  event INTEGER REFERENCES outgoing_events,
  PRIMARY KEY (period, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE run_catalogs (
  period INTEGER NOT NULL REFERENCES close_runs,
  currency TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (period, currency),
  FOREIGN KEY (currency, version) REFERENCES catalogs
) STRICT, WITHOUT ROWID;
CREATE TABLE dead_manifests (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  action TEXT NOT NULL CHECK (action IN ('replay', 'refresh', 'discard')),
  operator TEXT NOT NULL,
  reason TEXT NOT NULL,
  selection TEXT NOT NULL,
  per_second INTEGER,
  created_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE TABLE dead_manifest_letters (
  manifest INTEGER NOT NULL REFERENCES dead_manifests,
  letter TEXT NOT NULL,
  queue TEXT NOT NULL,
  message_id TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  class TEXT NOT NULL,
  replays INTEGER NOT NULL,
  target TEXT NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('planned', 'recorded', 'published', 'removed', 'absent')),
  PRIMARY KEY (manifest, letter)
) STRICT, WITHOUT ROWID;
CREATE TABLE dead_actions (
  sequence INTEGER PRIMARY KEY,
  manifest INTEGER NOT NULL REFERENCES dead_manifests,
  letter TEXT NOT NULL,
  at INTEGER NOT NULL,
  queue TEXT NOT NULL,
  message_id TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  target TEXT NOT NULL,
  replays INTEGER NOT NULL,
  fault TEXT NOT NULL,
  body BLOB,
  UNIQUE (manifest, letter)
) STRICT;
CREATE UNIQUE INDEX invoices_one_per_period
  ON invoices (account, period) WHERE status <> 'void';
CREATE INDEX invoices_by_period ON invoices (period);
CREATE INDEX invoices_open ON invoices (account) WHERE status = 'open';
CREATE INDEX entries_by_invoice ON entries (invoice) WHERE invoice IS NOT NULL;
CREATE TRIGGER transactions_balance BEFORE INSERT ON transactions
WHEN (SELECT sum(amount_minor) FROM entries WHERE sequence = NEW.sequence) IS NOT 0
BEGIN SELECT RAISE(ABORT, 'a transaction needs entries that sum to 0'); END;
CREATE TRIGGER entries_sealed BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM transactions WHERE sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'a posted transaction takes no more entries'); END;
CREATE TRIGGER entries_kept BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entries_not_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER transactions_kept BEFORE UPDATE ON transactions
BEGIN SELECT RAISE(ABORT, 'transactions are never changed'); END;
CREATE TRIGGER transactions_not_deleted BEFORE DELETE ON transactions
BEGIN SELECT RAISE(ABORT, 'transactions are never deleted'); END;
CREATE TRIGGER invoices_fixed BEFORE UPDATE OF
  key, id, number, account, period, currency, catalog_version, net_minor, tax_minor,
  total_minor, issued_at ON invoices
BEGIN SELECT RAISE(ABORT, 'an issued invoice is never changed'); END;
CREATE TRIGGER invoices_not_reopened BEFORE UPDATE OF status ON invoices
WHEN OLD.status <> 'open' AND NEW.status = 'open'
BEGIN SELECT RAISE(ABORT, 'a paid or void invoice is never opened again'); END;
CREATE TRIGGER invoices_not_deleted BEFORE DELETE ON invoices
BEGIN SELECT RAISE(ABORT, 'invoices are never deleted'); END;
CREATE TRIGGER invoice_lines_fixed BEFORE UPDATE ON invoice_lines
BEGIN SELECT RAISE(ABORT, 'invoice lines are never changed'); END;
CREATE TRIGGER invoice_lines_not_deleted BEFORE DELETE ON invoice_lines
BEGIN SELECT RAISE(ABORT, 'invoice lines are never deleted'); END;
CREATE TRIGGER invoice_taxes_fixed BEFORE UPDATE ON invoice_taxes
BEGIN SELECT RAISE(ABORT, 'invoice taxes are never changed'); END;
CREATE TRIGGER invoice_taxes_not_deleted BEFORE DELETE ON invoice_taxes
BEGIN SELECT RAISE(ABORT, 'invoice taxes are never deleted'); END;
CREATE INDEX decisions_by_account ON decisions (account) WHERE account <> 0;
CREATE INDEX outgoing_events_by_message
  ON outgoing_events (message_id, service, answered_for);
CREATE INDEX mails_by_account ON mails (account);
CREATE UNIQUE INDEX holds_active ON holds (account, invoice) WHERE lifted_at IS NULL;
CREATE INDEX due_work_pending ON due_work (service, due_at) WHERE state = 'pending';
CREATE INDEX due_work_by_invoice ON due_work (invoice);
CREATE UNIQUE INDEX close_members_by_place ON close_members (period, place);
CREATE UNIQUE INDEX dead_manifests_one_unfinished
  ON dead_manifests ((finished_at IS NULL)) WHERE finished_at IS NULL;
CREATE INDEX dead_actions_by_letter ON dead_actions (letter);
CREATE INDEX dead_actions_by_message ON dead_actions (message_id);
CREATE TRIGGER dead_actions_kept BEFORE UPDATE ON dead_actions
BEGIN SELECT RAISE(ABORT, 'what an operator did is never changed'); END;
CREATE TRIGGER dead_actions_not_deleted BEFORE DELETE ON dead_actions
BEGIN SELECT RAISE(ABORT, 'what an operator did is never deleted'); END;
PRAGMA application_id = 1835232371;
PRAGMA user_version = 5;
