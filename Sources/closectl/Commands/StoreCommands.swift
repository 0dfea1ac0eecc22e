import ArgumentParser
import Ledger

struct StoreGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store",
    abstract: "Show what the store's server needs.",
    subcommands: [Roles.self])

  struct Roles: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the SQL for PostgreSQL's roles and their rights; contacts no server.",
      discussion: """
        Three steps: `roles` creates the roles and the database, `schema` closes the database to \
        others, `rights` grants each role the rights it needs, and no others. Run `rights` again \
        after every upgrade that migrated the store.

        Example:
          closectl store roles --step rights | psql "$OWNER_URL"
        """)

    @Option(help: "Only this step: roles, schema or rights.")
    var step: StoreRoles?
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      let steps = step.map { [$0] } ?? StoreRoles.allCases
      let document = steps.reduce(into: [:]) { $0[$1.rawValue] = $1.sql }
      let text = steps.enumerated().flatMap { index, step in
        (index == 0 ? [] : [""]) + ["-- \(step.rawValue): \(step.instruction)"]
          + step.sql.split(separator: "\n").map(String.init)
      }
      return CommandOutput(document, text: text)
    }
  }
}

extension StoreRoles: ExpressibleByArgument {}
