import ArgumentParser
import Billing
import Broker
import Ledger
import Pipeline

struct StartCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "start",
    abstract: "Publishes the trigger; a second start converges and invoices nobody twice.",
    discussion: """
      A month that has not ended for every account is refused, since its usage is still arriving; \
      --early starts it all the same. Usage that comes later goes on the next invoice.

      `last` is the month before the present one in UTC, for timers. From noon UTC of the first \
      day it has ended in every time zone; before that it may be refused like any other.

      Example:
        closectl close start 2026-11 --wait
        closectl close start last
      """)

  @Argument(
    help: ArgumentHelp("The month, as YYYY-MM, or `last`.", valueName: "period"),
    transform: NamedPeriod.init)
  var named: NamedPeriod
  @Flag(help: "Start although the month has not ended yet.")
  var early = false
  @Flag(help: "Wait until the close is closed, and show its progress.")
  var wait = false
  @OptionGroup var shared: SharedOptions

  private struct Document: Encodable {
    var period: String
    var messageID: String
    var published = true
  }

  func perform(in session: Session) async throws -> Answer {
    let now = session.clock.now()
    let period = try named.period(at: now)
    if !early {
      let store = try await session.store()
      if let unfinished = try await MonthEnd(period: period, now: now).unfinished(store) {
        throw Problem("\(unfinished); --early starts the close all the same")
      }
    }
    let message = try Self.trigger(period, at: now)
    try await publish(message, session)
    if wait {
      session.output.noteLine("started: \(message.messageID)")
      return try await StatusWatch(period: period, session: session).follow()
    }
    return Answer(
      Document(period: period.description, messageID: message.messageID),
      text: [
        "started: \(message.messageID) is with the broker",
        "watch it: closectl close status \(period) --watch",
      ])
  }

  /// The same bytes' worth from any client: see the contract's trigger.
  static func trigger(_ period: Period, at now: Instant) throws -> OutgoingMessage {
    let event = Event(
      id: "close-\(period)", type: .closeRequested, source: "/closectl", time: now, period: period,
      data: EventData(period: period))
    return OutgoingMessage(
      exchange: MonthClose.exchange, routingKey: EventType.closeRequested.routingKey,
      messageID: event.id, type: event.type, contentType: MonthClose.contentType,
      body: try encode(event))
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
