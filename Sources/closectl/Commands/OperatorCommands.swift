import ArgumentParser

struct PaymentGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "payment", abstract: "Payments that arrived some other way.",
    subcommands: [Record.self, Reverse.self])

  struct Record: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records a payment; the same reference is recorded once.",
      discussion: """
        It pays the invoices it is for, if --invoice names them, then the oldest open ones; what \
        is left over becomes customer credit. A hold is lifted when nothing is owed any more. The \
        answer says which invoices were paid, what became credit and what is still open.

        Example:
          closectl payment record meter-1000317 --amount "12.30 CHF" --reference bank-4711 --dry-run
          closectl payment record meter-1000317 --amount "12.30 CHF" --reference bank-4711 \
            --invoice 2026-11/meter-1000317
        """)
    @OptionGroup var posting: PostingOptions
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> Answer {
      try await posting.carryOut(.payment, in: session)
    }
  }
}

struct CreditGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "credit", abstract: "Credits, used before money is taken.",
    subcommands: [Grant.self, Reverse.self])

  struct Grant: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Grants a credit; the same reference is granted once.",
      discussion: """
        It is used on open invoices first, those --invoice names before the others, and on the \
        next ones after that.

        Example:
          closectl credit grant meter-1000317 --amount "5 CHF" --reference outage-2026-11-03
        """)
    @OptionGroup var posting: PostingOptions
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> Answer {
      try await posting.carryOut(.credit, in: session)
    }
  }
}
