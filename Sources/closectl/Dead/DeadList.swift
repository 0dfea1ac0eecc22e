import ArgumentParser
import Billing
import Broker
import Ledger
import Operations
import Services

struct DeadList: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List dead letters, one per line, or count them by service and reason.",
    discussion: """
      Reads only the broker; no message leaves its queue. While it runs, another program that \
      reads the same queue does not see the messages this one is holding.

      Example:
        closectl dead list --reason gateway-unknown --older 1h --amount-over "100 CHF"
        closectl dead list --group
      """)

  @OptionGroup var chosen: LetterFilterOptions
  @Option(
    name: .customLong("reason"),
    help: ArgumentHelp("The same as --fault.", valueName: "word"), transform: parseFault)
  var reason: String?
  @Flag(help: "Count by service and reason.")
  var group = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if reason != nil, chosen.fault != nil {
      throw ValidationError("--reason and --fault are the same: use one of them")
    }
  }

  func perform(in session: Session) async throws -> CommandOutput {
    var filter = chosen.filter()
    filter.reason = filter.reason ?? reason
    let reader = DeadLetterReader(broker: try await session.deadBroker(), clock: session.clock)
    if group {
      var groups = LetterGroups()
      try await reader.read(filter) { letters in
        for letter in letters { groups.add(letter) }
      }
      return CommandOutput(GroupDocument(groups), text: groups.lines)
    }
    let listing = LetterListing(session.output, asJSON: shared.json)
    do {
      try await reader.read(filter) { try listing.add($0) }
    } catch {
      if !listing.hasBegun || error is OutputFault { throw error }
      return try listing.end(failedWith: error)
    }
    return try listing.end()
  }
}

/// A list that is written while it is read, so its length does not matter.
final class LetterListing {
  private let output: Output
  private let asJSON: Bool
  private var copies: [String: Int] = [:]
  private var groups = LetterGroups()
  private(set) var hasBegun = false

  init(_ output: Output, asJSON: Bool) {
    self.output = output
    self.asJSON = asJSON
  }

  func add(_ letters: [DeadLetter]) throws {
    let documents = letters.map { letter in
      copies[letter.id, default: 0] += 1
      groups.add(letter)
      return asJSON ? Self.compact(LetterDocument(letter)) : Self.line(letter)
    }
    if asJSON {
      let before = hasBegun ? ",\n" : "{\"letters\": [\n"
      try output.print(before + documents.joined(separator: ",\n"))
    } else {
      try output.print((hasBegun ? "" : Self.title) + documents.joined())
    }
    hasBegun = true
  }

  func end(failedWith error: (any Error)? = nil) throws -> CommandOutput {
    let status = error.map { ExitStatus(of: $0) } ?? .done
    if let error { output.noteLine("error: \(error)") }
    let several = copies.filter { $0.value > 1 }
    if asJSON {
      let begin = hasBegun ? "" : "{\"letters\": ["
      let failure = error.map { ", \"error\": " + Self.compact("\($0)") } ?? ""
      try output.print(
        "\(begin)\n], \"copies\": \(Self.compact(several)), \"count\": \(groups.count), "
          + "\"groups\": \(Self.compact(GroupDocument(groups).groups))\(failure)}\n")
    } else {
      for (id, count) in several.sorted(by: { $0.key < $1.key }) {
        try output.printLine("\(id) is present x\(count)")
      }
      try output.printLine(
        groups.count == 0 ? "no dead letters" : LetterGroups.counted(groups.count))
    }
    return CommandOutput(alreadyWrittenWith: status)
  }

  private static let title =
    padded("id", to: 12) + "  " + padded("service", to: 8) + "  " + padded("reason", to: 20)
    + "  " + padded("last failed", to: 24) + "  " + padded("tries", to: 5, .right)
    + "  message\n"

  private static func line(_ letter: DeadLetter) -> String {
    padded(letter.id, to: 12) + "  " + padded(letter.service.rawValue, to: 8) + "  "
      + padded(printable(letter.reason), to: 20) + "  "
      + padded(letter.lastFailedAt?.rfc3339 ?? "-", to: 24) + "  "
      + padded("\(letter.attempts)", to: 5, .right) + "  "
      + printable(letter.messageID.isEmpty ? "without id" : letter.messageID) + "\n"
  }

  private static func compact(_ document: some Encodable) -> String {
    closectl.json(document, pretty: false)
  }
}

/// Dead letters by service and reason, beside the figures of a close.
struct DeadTally: Encodable, Equatable {
  struct Count: Encodable, Equatable {
    var service: String
    var reason: String
    var count: Int
  }

  /// Letters beyond those whose headers are read.
  static let unread = "not read"

  var counts: [Count]

  init(_ tally: DeadLetterCounts) {
    counts = tally.counts.sorted { $0.key < $1.key }.map {
      Count(service: $0.key.service.rawValue, reason: $0.key.reason, count: $0.value)
    }
    for service in MonthClose.services {
      guard let more = tally.unread[service] else { continue }
      counts.append(Count(service: service.rawValue, reason: Self.unread, count: more))
    }
  }

  var total: Int { counts.map(\.count).reduce(0, +) }

  /// `  charger: 12 gateway-unknown`
  var lines: [String] {
    counts.map { printable("  \($0.service): \(grouped($0.count)) \($0.reason)") }
  }

  func encode(to encoder: any Encoder) throws { try counts.encode(to: encoder) }
}

/// Asks the broker for dead letters, for commands that go on without one.
struct DeadTallyReader {
  static let consequence = "dead letters are not counted"

  let session: Session

  /// `nil` when the broker cannot be asked.
  func read() async -> DeadTally? {
    guard let broker = await session.brokerIfReachable(otherwise: Self.consequence) else {
      return nil
    }
    do {
      return DeadTally(try await DeadLetterCounts.read(broker))
    } catch {
      await session.noteOnce("\(error); \(Self.consequence)")
      return nil
    }
  }
}
