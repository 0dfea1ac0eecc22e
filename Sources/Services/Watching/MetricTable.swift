import Billing
import Monitoring

/// Every metric family of a service; docs/operations.md has the same table, and a test keeps them
/// in step. Names follow Prometheus and, where one exists, the OpenTelemetry convention for
/// messaging.
enum MetricTable {
  static let all = messages + ledger + outside + about + observed + ProcessSamples.families

  // MARK: Messages

  static let consumed = MetricDescription.counter(
    "messaging_client_consumed_messages_total", "Messages taken from the queue.")
  static let outcomes = MetricDescription.counter(
    "monthclose_messages_total",
    "Messages by outcome: done, retried, dead, or returned to the queue.")
  static let inFlight = MetricDescription.gauge(
    "monthclose_messages_in_flight", "Messages taken but not yet settled.")
  static let batchSize = MetricDescription.histogram(
    "monthclose_batch_size", "Messages processed together.",
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000])
  static let handling = MetricDescription.histogram(
    "messaging_process_duration_seconds", "Time from taking a message's batch to settling it.",
    buckets: MetricDescription.seconds)
  static let queueAge = MetricDescription.histogram(
    "monthclose_queue_age_seconds", "Age of a message, by its own time, when it is taken.",
    buckets: [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 3600, 21_600, 86_400])
  static let pauses = MetricDescription.counter(
    "monthclose_pauses_total", "Pauses because something every message needs is down, by reason.")
  static let published = MetricDescription.counter(
    "messaging_client_sent_messages_total",
    "Events handed to the broker, by result: confirmed, returned, refused or unknown.")
  static let publishing = MetricDescription.histogram(
    "messaging_client_operation_duration_seconds",
    "Time from handing a batch of events to the broker to the last confirm.",
    buckets: MetricDescription.seconds)
  static let publishedAgain = MetricDescription.counter(
    "monthclose_events_published_again_total",
    "Left-over events handed to the broker again.")

  private static let messages = [
    consumed, outcomes, inFlight, batchSize, handling, queueAge, pauses, published, publishing,
    publishedAgain,
  ]

  // MARK: What is in the ledger

  static let commit = MetricDescription.histogram(
    "monthclose_store_commit_duration_seconds", "Time for a ledger commit to become durable.",
    buckets: MetricDescription.seconds)
  static let faults = MetricDescription.counter(
    "monthclose_store_faults_total", "Commits that failed because of the store.")
  static let decisions = MetricDescription.counter(
    "monthclose_decisions_total", "Decisions committed, by class of finding and by rule.")
  static let invoices = MetricDescription.counter(
    "monthclose_invoices_issued_total", "Invoices committed.")
  static let attempts = MetricDescription.counter(
    "monthclose_payment_attempts_total", "Finished payment attempts committed, by outcome.")
  static let mails = MetricDescription.counter(
    "monthclose_mails_total", "Finished mails committed, by outcome; resent: perhaps sent twice.")
  static let holds = MetricDescription.counter(
    "monthclose_holds_total", "Holds committed: placed or lifted.")
  static let dueWork = MetricDescription.counter(
    "monthclose_due_work_total", "Due work that became messages.")

  private static let ledger = [
    commit, faults, decisions, invoices, attempts, mails, holds, dueWork,
  ]

  // MARK: Calls outside

  static let gatewayInFlight = MetricDescription.gauge(
    "monthclose_gateway_calls_in_flight", "Calls to the payment gateway in progress.")
  static let gatewayCalls = MetricDescription.histogram(
    "monthclose_gateway_call_duration_seconds", "Duration of payment gateway calls, by call.",
    buckets: MetricDescription.seconds + [60])

  private static let outside = [gatewayInFlight, gatewayCalls]

  // MARK: What the reporter looks at, of all services

  static let deadLetters = MetricDescription.gauge(
    "monthclose_dead_letters", "Dead letters waiting, by service.")
  static let queueMessages = MetricDescription.gauge(
    "monthclose_queue_messages", "Messages waiting in a service's queue, not yet taken.")
  static let queueConsumers = MetricDescription.gauge(
    "monthclose_queue_consumers", "Consumers of a service's queue.")
  static let closeRunning = MetricDescription.gauge(
    "monthclose_close_running", "1 while a close is running, 0 once it has ended.")
  static let closeStarted = MetricDescription.gauge(
    "monthclose_close_started_timestamp_seconds", "When a close began, in seconds since 1970.")
  static let closeAccounts = MetricDescription.gauge(
    "monthclose_close_accounts", "Accounts of a close that have reached a stage.")
  static let closeEnds = MetricDescription.gauge(
    "monthclose_close_ends", "Accounts of a close, by outcome; open: none yet.")
  static let overdueWork = MetricDescription.gauge(
    "monthclose_overdue_work", "Work due over a minute ago and still pending.")
  static let observedAt = MetricDescription.gauge(
    "monthclose_observed_timestamp_seconds",
    "When the ledger or broker was last read for these gauges, in seconds since 1970.")

  private static let observed = [
    deadLetters, queueMessages, queueConsumers, closeRunning, closeStarted, closeAccounts,
    closeEnds, overdueWork, observedAt,
  ]

  // MARK: The service itself

  static let ready = MetricDescription.gauge(
    "monthclose_ready", "1 when the service consumes, as /readyz says.")
  static let missing = MetricDescription.gauge(
    "monthclose_missing", "1 for each missing part, named as in /readyz.")
  static let reconnects = MetricDescription.counter(
    "monthclose_reconnects_total", "Times a lost store or broker came back.")
  static let build = MetricDescription.gauge(
    "monthclose_build_info", "Always 1; the version is a label.")

  private static let about = [ready, missing, reconnects, build]
}
