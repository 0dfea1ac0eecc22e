import ArgumentParser
import Services

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
