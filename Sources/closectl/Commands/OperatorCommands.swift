import ArgumentParser

struct PaymentGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "payment", abstract: "Record or reverse payments that arrived by other means.",
    subcommands: [Record.self, Reverse.self])

  struct Record: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Record a payment; the same reference is recorded only once.",
      discussion: """
        It pays the invoices named with --invoice first, then the oldest open ones; any remainder \
        becomes customer credit. A hold is lifted once nothing is owed any longer. The output says \
        which invoices were paid, what became credit and what is still open.

        Example:
          closectl payment record meter-1000317 --amount "12.30 CHF" --reference bank-4711 --dry-run
          closectl payment record meter-1000317 --amount "12.30 CHF" --reference bank-4711 \
            --invoice 2026-11/meter-1000317
        """)
    @OptionGroup var posting: PostingOptions
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      try await posting.carryOut(.payment, in: session)
    }
  }
}

struct CreditGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "credit", abstract: "Grant or reverse credit; it is used before money is taken.",
    subcommands: [Grant.self, Reverse.self])

  struct Grant: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Grant a credit; the same reference is granted only once.",
      discussion: """
        It is used on open invoices first, starting with those named with --invoice, and then on \
        future ones.

        Example:
          closectl credit grant meter-1000317 --amount "5 CHF" --reference outage-2026-11-03
        """)
    @OptionGroup var posting: PostingOptions
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      try await posting.carryOut(.credit, in: session)
    }
  }
}
