import ArgumentParser
import Billing
import Broker
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
