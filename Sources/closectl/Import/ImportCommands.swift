import ArgumentParser

struct ImportGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Import accounts, usage and prices into the ledger.",
    discussion: """
      Files are UTF-8 with a header line; columns may be in any order, separated by commas, \
      semicolons or tabs; .gz files are read directly. A file is imported completely or not at \
      all; --skip-bad keeps the good rows, and exits 1 if those are fewer than half. Importing a \
      file twice changes nothing. --dry-run only checks.
      """,
    subcommands: [Accounts.self, Usage.self, Catalog.self])

  struct Accounts: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Import accounts; existing ones are updated.",
      discussion: """
        Columns: \(AccountTable.columns.joined(separator: ",")), \
        and optionally \(AccountTable.optional.joined(separator: ",")).

        collection is auto (the card is charged) or manual (the customer pays). auto needs a \
        payment_method: cus_…/pm_… for Stripe, pm_card_visa for the sandbox. hold_after_days, 0 to \
        365, is the payment term stated in mails, after which an account that owes is put on hold. \
        start is the first day the account is a customer, end the first day it no longer is; a \
        file without the column leaves the date unchanged, an empty cell removes it. docs/files.md \
        describes every column with examples.

        Example:
          closectl import accounts accounts.csv
        """)
    @OptionGroup var files: TableFiles
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      try await files.importing(in: session).accounts(files.files)
    }
  }

  struct Usage: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Import usage: tables, or CloudEvents as JSON Lines.",
      discussion: """
        Columns: \(UsageTable.columns.joined(separator: ",")).
        event_id is unique per account; the same id with different content is an error. Usage \
        whose end equals its start happened in that millisecond.

        Files named .jsonl or .ndjson (also .gz) hold CloudEvents 1.0, one per line: subject is \
        the account, source and id together are unique per account, data.value is the quantity (a \
        decimal string, or a number read by its digits). The metric is data.metric, or type if \
        that is missing. The usage lasts from data.start to data.end; without them it happened in \
        the millisecond at time. docs/files.md has examples.

        Example:
          closectl import usage usage-2026-11.csv.gz
        """)
    @OptionGroup var files: TableFiles
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      try await files.importing(in: session).usage(files.files)
    }
  }

  struct Catalog: OperatorCommand {
    static let example = """
      version: 1
      currency: CHF
      products:
        - { id: support, name: Support, price: { model: flat, amount: "4.90" } }
        - id: api
          name: API calls
          metric: api_calls
          price: { model: per_unit, unit: "0.002" }
      taxes:
        - { country: CH, name: MWST, rate: "0.081" }
      """

    static let configuration = CommandConfiguration(
      abstract: "Import a catalog of prices, as YAML.",
      discussion: """
        A changed catalog needs a new version. A close starts with the newest version that prices \
        its month, and keeps it. With valid_from: 2026-12, a version prices only December and \
        later months, so it can be imported before November is closed. docs/files.md describes \
        every key, docs/prices.md the price models with worked examples. A minimal catalog:

        \(example.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))

        Example:
          closectl import catalog catalog.yaml
        """)
    @Argument(help: "The files.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]
    @Flag(help: .dryRun)
    var dryRun = false
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      try await Importing(session: session, skipBad: false, isDryRun: dryRun).catalogs(files)
    }
  }
}

struct TableFiles: ParsableArguments {
  @Argument(help: "The files.", completion: .file(extensions: ["csv", "gz", "jsonl", "ndjson"]))
  var files: [String]

  @Flag(
    help: "Keep the good rows; write the others, with the reason, to FILE.rejected.csv.")
  var skipBad = false

  @Flag(help: .dryRun)
  var dryRun = false

  func importing(in session: Session) -> Importing {
    Importing(session: session, skipBad: skipBad, isDryRun: dryRun)
  }
}

extension ArgumentHelp {
  fileprivate static let dryRun: ArgumentHelp =
    "Check everything, including against the ledger, without importing."
}
