import ArgumentParser
import Billing
import Broker
import Ledger
import Services

struct StartCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "start",
    abstract: "Publishes the trigger; a second start converges and invoices nobody twice.",
    discussion: """
      The invoicer refuses a month that nobody can have meant, whoever sends the trigger, and so \
      does this command. A month that has not ended for every account is still getting usage; \
      --early closes it all the same, once it has begun. A month further back than \
      MONTHCLOSE_MONTHS_BACK, or that ended before the ledger's first, needs --past. Both are \
      recorded with the close.

      While a close is running, starting it again also takes in the accounts that were parked \
      because there was no catalog in their currency, once one is imported; with --late those, \
      too, that were imported after its start. Without it they are named: nobody but you knows \
      whether they were customers of that month. A close that is closed takes nobody in.

      Usage of a month that is closed goes on the next invoice. Usage of an earlier month that was \
      never closed is billed by closing that month: such months are named.

      `last` is the month before the present one in UTC, for timers. From noon UTC of the first \
      day it has ended in every time zone; before that it may be refused like any other.

      Example:
        closectl close start 2026-11 --wait
        closectl close start last
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Flag(help: "Close the month although it has not ended yet.")
  var early = false
  @Flag(help: "Close a month of long ago, or of before the ledger's first.")
  var past = false
  @Flag(help: "Take in accounts that were imported after the start of a running close.")
  var late = false
  @Flag(help: "Wait until the close is closed, and show its progress.")
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
    /// Accounts of this close that were parked for want of a catalog.
    var lackingCatalog: [LackingCatalogs.Currency]
  }

  func perform(in session: Session) async throws -> Answer {
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
        "started: \(message.messageID) is with the broker",
        "watch it: closectl close status \(period) --watch",
      ]
    return Answer(
      Document(
        period: period.description, messageID: message.messageID, unclosed: unclosed,
        late: arrivals, closedAt: closedAt, lackingCatalog: lacking), text: text)
  }

  private static func again(_ period: Period, since closedAt: String) -> String {
    "\(period) is closed since \(closedAt): started again, nobody is invoiced twice"
  }

  private static func remedy(_ refusal: StartRefusal, _ rule: String) -> String {
    if rule == "close.not-begun" { return "" }
    switch refusal {
    case .notOver: return "; --early starts the close all the same"
    case .tooOld: return "; --past starts the close all the same"
    case .noAccounts: return ": import accounts first"
    }
  }

  /// The same bytes' worth from any client: see the contract's trigger.
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
      messageID: event.id, type: event.type, contentType: MonthClose.contentType,
      body: try encode(event))
  }

  /// Of the trigger's id: two messages of one id that come together count as one.
  private static func suffix(_ permission: StartPermission) -> String {
    (permission.isEarly ? "-early" : "") + (permission.isPast ? "-past" : "")
      + (permission.isLate ? "-late" : "")
  }

  private func publish(_ message: OutgoingMessage, _ session: Session) async throws {
    switch await (try session.broker()).publish([message])[0] {
    case .confirmed: return
    case .returned(let code, let text):
      throw Problem(
        "no queue takes the trigger (\(code) \(text)): run `closectl topology apply` first")
    case .refused:
      throw Problem("the broker refuses the trigger: the invoicer's queue is full")
    case .unknown(let why):
      throw BrokerError.timedOut(
        "whether the trigger arrived is not known (\(why)); starting again does no harm")
    }
  }
}
