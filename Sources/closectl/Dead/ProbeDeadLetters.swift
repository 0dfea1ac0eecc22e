import ArgumentParser
import Billing
import Broker
import Ledger
import Services

struct ProbeDeadLetters: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead-letters",
    abstract: "Put test letters into the charger's dead letters, to try the tools on.",
    discussion: "Only for a separate broker: the letters name accounts that do not exist.")

  @Argument(help: "The number of letters.")
  var count: Int
  @OptionGroup var shared: SharedOptions

  private static let batch = 500

  struct Document: Encodable {
    var published: Int
  }

  func validate() throws {
    guard (1...10_000_000).contains(count) else {
      throw ValidationError("expected a number of letters from 1 to 10000000")
    }
  }

  func perform(in session: Session) async throws -> CommandOutput {
    let broker = try await session.broker()
    let now = session.clock.now()
    for first in stride(from: 0, to: count, by: Self.batch) {
      let letters = try (first..<min(count, first + Self.batch)).map { try letter($0, at: now) }
      for result in await broker.publish(letters) where result != .confirmed {
        throw Problem("a letter was not accepted: \(result)")
      }
    }
    return CommandOutput(
      Document(published: count), text: ["\(grouped(count)) dead letters published"])
  }

  private func letter(_ number: Int, at now: Instant) throws -> OutgoingMessage {
    let account = "probe-\(number)"
    let currency = try Currency("CHF")
    let invoice = Snapshot.Invoice(
      id: "2000-01/\(account)", total: Int64(number), open: Int64(number), status: .open)
    let event = Event(
      id: "invoice.issued:2000-01/\(account)", type: .invoiceIssued, source: "/invoicer",
      time: now, subject: account, period: try Period("2000-01"),
      data: EventData(
        snapshot: Snapshot(
          account: account, position: 1, takenAt: now, currency: currency,
          balance: Int64(number), hold: false, collection: .auto, invoice: invoice)))
    return OutgoingMessage(
      exchange: "", routingKey: MonthClose.deadQueue(of: .charger), messageID: event.id,
      type: event.type.rawValue, contentType: MonthClose.contentType,
      headers: [
        Header.reason: .string(FaultReason.gatewayUnknown.rawValue),
        Header.error: .string("no certain answer from the gateway: probe"),
        Header.attempts: .integer(6), Header.firstFailedAt: .string(now.rfc3339),
        Header.lastFailedAt: .string(now.rfc3339), Header.queue: .string("charger"),
      ], body: try encode(event))
  }
}
