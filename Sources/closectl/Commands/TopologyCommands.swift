import ArgumentParser
import Billing
import Broker
import Ledger
import Services

struct TopologyGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topology",
    abstract: "Manage exchanges, queues and bindings.",
    subcommands: [Apply.self, Check.self, TopologyUsers.self])

  struct Apply: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Declare missing objects; report, but do not change, those that differ.",
      discussion: """
        --retire also removes the bindings that only services of earlier versions need. Use it \
        once, when all services run this version: a service of an earlier version that is still \
        running counts on them. It is refused while a close waits for stages that earlier services \
        left to the reporter.
        """)
    @Flag(help: "Remove the bindings that only services of earlier versions need.")
    var retire = false
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      if retire {
        try await TopologyGroup.refuseWhileNeeded(in: session.store(), session.clock.now())
      }
      let topology = MonthClose.topology(
        retryDelays: session.settings.retryDelays, isRetiring: retire)
      return TopologyDocument(topology, try await session.broker().apply(topology)).output
    }
  }

  /// By these bindings the reporter is sent the events that prove such stages.
  private static func refuseWhileNeeded(in store: LedgerStore, _ now: Instant) async throws {
    for run in try await store.runs() where run.state == .running {
      let left = try await store.unrecordedStages(
        run.period, before: now.adding(seconds: 1), limit: 1)
      guard let first = left.first else { continue }
      throw Problem(
        "the close of \(run.period) waits for stages that services of an earlier version left to "
          + "the reporter, the first by \(first.event.id): wait until its queue is empty; if it "
          + "is, `closectl resend \(run.period)` sends it what is missing")
    }
  }

  struct Check: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show differences between the topology and the broker; exits 1 if there are any.")
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      let topology = MonthClose.topology(retryDelays: session.settings.retryDelays)
      let differences = try await session.broker().differences(from: topology)
      return TopologyDocument(topology, differences).output
    }
  }
}

struct TopologyDocument: Encodable {
  struct Difference: Encodable {
    var what: String
    var expected: String
    var found: String
  }
  var exchanges: [String]
  var queues: [String]
  var bindings: Int
  var differences: [Difference]

  init(_ topology: Topology, _ differences: [TopologyDifference]) {
    exchanges = topology.exchanges.map(\.name)
    queues = topology.queues.map(\.name)
    bindings = topology.bindings.count
    self.differences = differences.map {
      Difference(what: $0.what, expected: $0.expected, found: $0.found)
    }
  }

  var status: ExitStatus { differences.isEmpty ? .done : .problem }

  var text: [String] {
    if differences.isEmpty {
      return [
        "topology agrees: \(exchanges.count) exchange\(exchanges.count == 1 ? "" : "s"), "
          + "\(queues.count) queues, \(bindings) bindings"
      ]
    }
    var table = Table([.init("differs"), .init("expected"), .init("found")])
    for difference in differences {
      table.add(difference.what, difference.expected, difference.found)
    }
    return table.lines()
  }

  var output: CommandOutput { CommandOutput(self, text: text, status: status) }
}

struct TopologyUsers: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "users",
    abstract: "List the broker's users and the minimum rights each needs; contacts no broker.",
    discussion: """
      Prints RabbitMQ's regular expressions: what a user may configure, write to and read from, \
      and the routing keys it may publish to the exchange. scripts/broker-users applies them.
      """)

  @OptionGroup var shared: SharedOptions

  struct Document: Encodable {
    struct User: Encodable {
      var user: String
      var isFor: String
      var configure: String
      var write: String
      var read: String
      /// Topic permissions on the exchange; `null` where there are none to set.
      var publishes: Known<String>
      var binds: Known<String>
      var tags: [String]
    }
    var exchange: String
    var users: [User]
  }

  func perform(in session: Session) async throws -> CommandOutput {
    var table = Table(["user", "configure", "write", "read", "publishes"].map { .init($0) })
    for rights in MonthClose.users {
      table.add(
        rights.user, shown(rights.configure), shown(rights.write), shown(rights.read),
        shown(rights.publishes ?? ""))
    }
    let users = MonthClose.users.map { rights in
      Document.User(
        user: rights.user, isFor: rights.isFor, configure: rights.configure, write: rights.write,
        read: rights.read, publishes: Known(rights.publishes),
        // A user who may configure may bind any key; no other user has the rights on queues for it.
        binds: Known(rights.publishes.map { _ in rights.configure.isEmpty ? "" : ".*" }),
        tags: rights.tags)
    }
    return CommandOutput(
      Document(exchange: MonthClose.exchange, users: users), text: table.lines())
  }

  private func shown(_ pattern: String) -> String { pattern.isEmpty ? "-" : pattern }
}
