import ArgumentParser
import Billing
import Broker
import Ledger
import Operations
import Services

struct ProbeGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe", abstract: "Measure what the machine can do, for benchmarks.",
    shouldDisplay: false,
    subcommands: [
      ProbeBroker.self, ProbeBoundaries.self, ProbeDeadLetters.self, ProbeMessages.self,
    ])
}

struct ProbeBroker: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "broker",
    abstract: "Measure messages per second through one queue, with no other work.",
    discussion: """
      Publishes with confirms and consumes at the same time, through a temporary queue of the same \
      kind as the services' that is deleted afterwards.
      """)

  @Option(help: "Messages to send.")
  var messages = 100_000
  @Option(help: "Bytes per message body.")
  var bytes = 700
  @Option(help: "Messages published and acknowledged together.")
  var batch = 64
  @OptionGroup var shared: SharedOptions

  struct Document: Encodable {
    var messages: Int
    var bytes: Int
    /// All were published, confirmed, consumed and acknowledged at this rate.
    var messagesPerSecond: Int
    var publishedPerSecond: Int
    var consumedPerSecond: Int
  }

  func validate() throws {
    guard messages > 0, bytes > 0, batch > 0 else {
      throw ValidationError("--messages, --bytes and --batch must be above zero")
    }
  }

  func perform(in session: Session) async throws -> CommandOutput {
    let queues = MonthClose.topology(retryDelays: []).queues
    let arguments = queues.first { $0.name == MonthClose.services[1].rawValue }?.arguments ?? [:]
    let rates = try await BrokerProbe.measure(
      try session.settings.brokerNodes(), queueArguments: arguments,
      messageBytes: bytes, messages: messages, batch: batch, logger: session.logger)
    let document = Document(
      messages: messages, bytes: bytes,
      messagesPerSecond: Int(min(rates.publishedPerSecond, rates.consumedPerSecond)),
      publishedPerSecond: Int(rates.publishedPerSecond),
      consumedPerSecond: Int(rates.consumedPerSecond))
    return CommandOutput(
      document,
      text: [
        "\(grouped(messages)) messages of \(bytes) bytes: "
          + "\(grouped(document.publishedPerSecond)) published and confirmed per second, "
          + "\(grouped(document.consumedPerSecond)) consumed and acknowledged"
      ])
  }
}

struct ProbeBoundaries: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "boundaries",
    abstract: "List every boundary at which each service can be made to kill itself.",
    discussion: "For MONTHCLOSE_CRASH_AT=BOUNDARY[:N], in crash tests.")

  @OptionGroup var shared: SharedOptions

  struct Document: Encodable {
    struct Place: Encodable {
      var service: String
      var boundary: String
    }
    var boundaries: [Place]
  }

  func perform(in session: Session) async throws -> CommandOutput {
    let places = MonthClose.services.flatMap { service in
      CrashPoint.all(of: service).map {
        Document.Place(service: service.rawValue, boundary: $0.rawValue)
      }
    }
    return CommandOutput(
      Document(boundaries: places), text: places.map { "\($0.service) \($0.boundary)" })
  }
}

struct ProbeMessages: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "messages",
    abstract: "Check whether a service can read each message body on standard input.",
    discussion: """
      Expects one body per line. For teams that send messages to month-close, and for checking the \
      published schemas against the program. Example:
        closectl probe messages --json < messages.jsonl
      """)

  @OptionGroup var shared: SharedOptions

  struct Document: Encodable {
    struct Verdict: Encodable {
      var accepted: Bool
      /// As in the header `mc-reason` of the dead letter it would be.
      var reason: String?
      var error: String?
    }
    var messages: [Verdict]
  }

  func perform(in session: Session) async throws -> CommandOutput {
    var verdicts: [Document.Verdict] = []
    while let line = readLine() { verdicts.append(Self.verdict(Array(line.utf8))) }
    let text = verdicts.map { $0.accepted ? "accepted" : "\($0.reason ?? ""): \($0.error ?? "")" }
    return CommandOutput(
      Document(messages: verdicts), text: text,
      status: verdicts.allSatisfy(\.accepted) ? .done : .problem)
  }

  private static func verdict(_ body: [UInt8]) -> Document.Verdict {
    do throws(MessageFault) {
      _ = try MessageGate.decode(body, contentType: MonthClose.contentType)
      return .init(accepted: true)
    } catch {
      return .init(accepted: false, reason: error.reason, error: error.description)
    }
  }
}

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
