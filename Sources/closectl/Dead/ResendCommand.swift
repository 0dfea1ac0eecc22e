import ArgumentParser
import Billing
import Broker
import Ledger
import Operations

struct ResendCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "resend",
    abstract: "After the broker lost its data: publish the events whose effects are missing.",
    discussion: """
      Works from the ledger alone. An event is missing if a service bound to it has not answered \
      it and it is in none of that service's queues. A healthy system has none.

      Example:
        closectl init
        closectl resend 2026-11 --dry-run
        closectl resend 2026-11
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Flag(help: "Show what would be published; publish nothing.")
  var dryRun = false
  @Option(
    help: ArgumentHelp(
      "Skip events more recent than this: they may be in progress.", valueName: "duration"),
    transform: parseDuration)
  var older: Int64 = 60
  @Flag(help: "Run even while services are working.")
  var anyway = false
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> CommandOutput {
    if dryRun { await session.readOnly() }
    let period = try named.period(at: session.clock.now())
    let store = try await session.store()
    guard try await store.run(period) != nil else {
      throw Problem("no close of \(period) was started: closectl close start \(period)")
    }
    let resending = EventResender(
      store: store, broker: try await session.broker(), clock: session.clock,
      retryDelays: session.settings.retryDelays)
    let order = EventResender.Order(
      period: period, olderThanSeconds: older, isDryRun: dryRun, anyway: anyway)
    let again = "stopped; continue with closectl resend \(period), which skips answered events"
    do {
      let counts = try await Interruption.saying(again, session.output) {
        try await resending.run(order)
      }
      return ResendDocument(period, counts, isDryRun: dryRun).output
    } catch let atWork as EventResender.AtWork {
      throw Problem("\(atWork)")
    }
  }
}

struct ResendDocument: Encodable {
  struct Count: Encodable {
    var service: String
    var type: String
    var missing: Int
    var queued: Int
    var published: Int
    var ids: [String]
  }

  var period: String
  var dryRun: Bool
  var missing: Int
  var published: Int
  var events: [Count]

  init(_ period: Period, _ counts: [EventResender.Count], isDryRun: Bool) {
    self.period = period.description
    dryRun = isDryRun
    missing = counts.map(\.missing).reduce(0, +)
    published = counts.map(\.published).reduce(0, +)
    events = counts.map {
      Count(
        service: $0.service.rawValue, type: $0.type, missing: $0.missing, queued: $0.queued,
        published: $0.published, ids: $0.ids)
    }
  }

  var output: CommandOutput {
    let total =
      dryRun
      ? "\(grouped(missing)) events would be published" : "\(grouped(published)) events published"
    if events.isEmpty { return CommandOutput(self, text: [total]) }
    var table = Table([
      .init("service"), .init("event"), .init("missing", .right), .init("in its queues", .right),
      .init("published", .right),
    ])
    for event in events {
      table.add(
        event.service, event.type, grouped(event.missing), grouped(event.queued),
        grouped(event.published))
    }
    return CommandOutput(self, text: table.lines() + [total])
  }
}
