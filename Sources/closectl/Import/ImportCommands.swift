import ArgumentParser

struct ImportGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Brings accounts, usage and prices into the ledger.",
    discussion: """
      Files are UTF-8 with a header line, columns in any order; .gz is read as it is. Nothing of a \
      file is kept unless all of it is good. Importing a file twice changes nothing.
      """,
    subcommands: [Accounts.self, Usage.self, Catalog.self])

  struct Accounts: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Imports accounts; one that is there is changed.",
      discussion: """
        Columns: \(AccountTable.columns.joined(separator: ",")).
        collection is auto or manual; auto needs a payment_method. hold_after_days is 0 to 365.

        Example:
          closectl import accounts accounts.csv
        """)
    @OptionGroup var files: TableFiles
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> Answer {
      try await Importing(session: session, skipBad: files.skipBad).accounts(files.files)
    }
  }

  struct Usage: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Imports usage: tables, or CloudEvents as JSON lines.",
      discussion: """
        Columns: \(UsageTable.columns.joined(separator: ",")).
        event_id is unique per account; the same id with other content is an error.

        Files named .jsonl or .ndjson (also .gz) hold CloudEvents 1.0, one a line: subject is the \
        account, id the event_id, data.value the quantity (a decimal string, or a number read by \
        its digits). The metric is data.metric, or type without it. The usage lasts from \
        data.start to data.end; without them it happened in the millisecond at time.

        Example:
          closectl import usage usage-2026-11.csv.gz
        """)
    @OptionGroup var files: TableFiles
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> Answer {
      try await Importing(session: session, skipBad: files.skipBad).usage(files.files)
    }
  }

  struct Catalog: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Imports a catalog of prices, as YAML.",
      discussion: """
        A changed catalog needs a new version. A close keeps the catalogs it was started with.

        Example:
          closectl import catalog catalog.yaml
        """)
    @Argument(help: "The files.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> Answer {
      try await Importing(session: session, skipBad: false).catalogs(files)
    }
  }
}

struct TableFiles: ParsableArguments {
  @Argument(help: "The files.", completion: .file(extensions: ["csv", "gz", "jsonl", "ndjson"]))
  var files: [String]

  @Flag(
    help: "Keep the good rows; write the others to FILE.rejected.csv with the reason.")
  var skipBad = false
}
