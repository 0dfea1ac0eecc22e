BEGIN;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM month_close, month_close_operator;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM month_close, month_close_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO month_close;
GRANT INSERT ON invoices, invoice_lines, invoice_taxes, billed_usage, transactions, entries,
  attempts, decisions, outgoing_events, unpublished_events, mails, holds, due_work,
  close_runs, close_members, close_ranges, run_catalogs, close_triggers, later_prices,
  unbilled_periods,
  gateway_charges, gateways TO month_close;
GRANT UPDATE (position, balance_minor, credit_minor, held_for_invoice, usage_version)
  ON accounts TO month_close;
GRANT UPDATE (value) ON counters TO month_close;
GRANT UPDATE (open_minor, status) ON invoices TO month_close;
GRANT UPDATE (quantity, amount_minor) ON billed_usage TO month_close;
GRANT UPDATE (state, gateway_id, decline_code, rule, settled_at) ON attempts TO month_close;
GRANT UPDATE (state, reason, ended_at) ON mails TO month_close;
GRANT UPDATE (lifted_by, lifted_at) ON holds TO month_close;
GRANT UPDATE (state) ON due_work TO month_close;
GRANT UPDATE (state, closed_at, finished, expected, ranges) ON close_runs TO month_close;
GRANT UPDATE (milestones, ended) ON close_members TO month_close;
GRANT UPDATE (done, event) ON close_ranges TO month_close;
GRANT UPDATE (source, explanation, last_at, times) ON close_triggers TO month_close;
GRANT DELETE ON unbilled_periods, unpublished_events TO month_close;
GRANT USAGE ON SEQUENCE invoices_key_seq, outgoing_events_sequence_seq TO month_close;
GRANT INSERT ON accounts, catalogs, metrics, usage, usage_sums,
  dead_manifests, dead_manifest_letters, dead_actions, incoming_references
  TO month_close_operator;
GRANT UPDATE (id, name, email, currency, country, time_zone, collection, payment_method,
  hold_after_days, start_date, end_date) ON accounts TO month_close_operator;
GRANT UPDATE (period) ON usage TO month_close_operator;
GRANT UPDATE (coefficient, events) ON usage_sums TO month_close_operator;
GRANT UPDATE (finished_at) ON dead_manifests TO month_close_operator;
GRANT UPDATE (state) ON dead_manifest_letters TO month_close_operator;
GRANT DELETE ON usage_sums TO month_close_operator;
GRANT USAGE ON SEQUENCE dead_manifests_key_seq TO month_close_operator;
COMMIT;
