import ArgumentParser
import Billing
import Broker
import Ledger
import Services

struct CloseGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close",
    abstract: "Preview, start and watch the close of a month.",
    subcommands: [PreviewCommand.self, StartCommand.self, StatusCommand.self])
}

struct StartCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "start",
    abstract: "Publish the trigger; a second start converges and invoices nobody twice.",
    discussion: """
      The invoicer, like this command, refuses a month that cannot have been intended, no matter \
      who sends the trigger. A month that has not ended for every account is still receiving \
      usage; --early closes it anyway, once it has begun. A month further back than \
      MONTHCLOSE_MONTHS_BACK, or one that ended before the ledger's first, needs --past. Both \
      options are recorded with the close.

      While a close is running, starting it again also adds the accounts that were parked for lack \
      of a catalog in their currency, once one is imported. With --late it also adds accounts \
      that came after its start; without it they are only listed, because only you know whether \
      they were customers in that month. A finished close adds no more accounts.

      Usage of a closed month goes on the next invoice. Usage of an earlier month that was never \
      closed is billed only by closing that month; such months are listed.

      `last` is the month before the current one in UTC, for use in timers. It has ended in every \
      time zone by noon UTC on the first day of the month; before that it may be refused like any \
      other.

      Example:
        closectl close start 2026-11 --wait
        closectl close start last
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Flag(help: "Close the month even though it has not ended yet.")
  var early = false
  @Flag(help: "Close a month from long ago, or from before the ledger's first.")
  var past = false
  @Flag(help: "Add accounts that came after the start of a running close.")
  var late = false
  @Flag(help: "Wait until the close has finished, and show its progress.")
  var wait = false
  @OptionGroup var shared: SharedOptions

  private struct Document: Encodable {
    var period: String
    var messageID: String
    var published = true
    var unclosed: [UnclosedMonths.Month]
    /// Accounts that came after the start.
    var late: LateArrivals?
    /// Since when the month is closed, if it is.
    var closedAt: String?
    /// Accounts of this close that were parked for lack of a catalog.
    var lackingCatalog: [LackingCatalogs.Currency]
  }

  func perform(in session: Session) async throws -> CommandOutput {
    let now = session.clock.now()
    let period = try named.period(at: now)
    let store = try await session.store()
    let permission = StartPermission(isEarly: early, isPast: past, isLate: late)
    let decision = try StartSituation(
      period, at: now, permission, monthsBack: session.settings.monthsBack,
      try await store.startFacts(period)
    ).decide()
    if case .refuse(let refusal) = decision.action {
      throw Problem(decision.explanation + Self.remedy(refusal, decision.rule))
    }
    let run = try await store.run(period)
    let closedAt = run?.closedAt?.rfc3339
    let arrivals = try await LateArrivals(run, in: store)
    let lacking = try await LackingCatalogs(period, in: store).currencies
    let message = try Self.trigger(period, permission, at: now)
    try await publish(message, session)
    let unclosed = try await UnclosedMonths(before: period, in: store).months
    for line in UnclosedMonths.lines(unclosed) { session.output.noteLine("note: \(line)") }
    if let arrivals { session.output.noteLine("note: \(arrivals.startLine(isMeant: late))") }
    for line in LackingCatalogs.lines(lacking, "\(period)") {
      session.output.noteLine("note: \(line)")
    }
    if wait {
      session.output.noteLine(
        closedAt.map { Self.again(period, since: $0) } ?? "started: \(message.messageID)")
      return try await StatusWatch(period: period, session: session, hasTrigger: true).follow()
    }
    let text =
      closedAt.map { [Self.again(period, since: $0)] } ?? [
        "started: the broker has \(message.messageID)",
        "watch it: closectl close status \(period) --watch",
      ]
    return CommandOutput(
      Document(
        period: period.description, messageID: message.messageID, unclosed: unclosed,
        late: arrivals, closedAt: closedAt, lackingCatalog: lacking), text: text)
  }

  private static func again(_ period: Period, since closedAt: String) -> String {
    "\(period) has been closed since \(closedAt): started again, nobody is invoiced twice"
  }

  private static func remedy(_ refusal: StartRefusal, _ rule: String) -> String {
    if rule == "close.not-begun" { return "" }
    switch refusal {
    case .notOver: return "; --early starts the close anyway"
    case .tooOld: return "; --past starts the close anyway"
    case .noAccounts: return ": import accounts first"
    }
  }

  /// Equivalent to what any other client may send: see the contract's trigger.
  static func trigger(
    _ period: Period, _ permission: StartPermission, at now: Instant
  ) throws -> OutgoingMessage {
    let event = Event(
      id: "close-\(period)\(suffix(permission))", type: .closeRequested, source: "/closectl",
      time: now, period: period,
      data: EventData(
        period: period, early: permission.isEarly ? true : nil,
        past: permission.isPast ? true : nil, late: permission.isLate ? true : nil))
    return OutgoingMessage(
      exchange: MonthClose.exchange, routingKey: EventType.closeRequested.routingKey,
      messageID: event.id, type: event.type.rawValue, contentType: MonthClose.contentType,
      body: try encode(event))
  }

  /// Suffix of the trigger's id: two messages with one id that arrive together count as one.
  private static func suffix(_ permission: StartPermission) -> String {
    (permission.isEarly ? "-early" : "") + (permission.isPast ? "-past" : "")
      + (permission.isLate ? "-late" : "")
  }

  private func publish(_ message: OutgoingMessage, _ session: Session) async throws {
    switch await (try session.broker()).publish([message])[0] {
    case .confirmed: return
    case .returned(let code, let text):
      throw Problem(
        "no queue receives the trigger (\(code) \(text)): run `closectl topology apply` first")
    case .refused:
      throw Problem("the broker refuses the trigger: the invoicer's queue is full")
    case .unknown(let why):
      throw BrokerError.timedOut(
        "it is not known whether the trigger arrived (\(why)); starting again does no harm")
    }
  }
}
