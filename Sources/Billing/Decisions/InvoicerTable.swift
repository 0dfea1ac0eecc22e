/// The invoicer's input for one account of a range.
public struct InvoiceSituation: Sendable {
  public enum Rated: Sendable {
    case draft(InvoiceDraft)
    case noCatalog
    /// Why usage and prices cannot be rated, in a sentence.
    case unratable(String)
  }
  public var existing: InvoiceFacts?
  public var rated: Rated

  public init(existing: InvoiceFacts?, rated: Rated) {
    self.existing = existing
    self.rated = rated
  }
}

public enum InvoiceAction: Sendable, Equatable {
  case issue(InvoiceDraft)
  case nothing
  case park
}

extension DecisionTable where Situation == InvoiceSituation, Action == InvoiceAction {
  public static let invoicer = DecisionTable(
    "invoicer",
    [
      DecisionRow(
        "invoice.exists", found: "the period is already invoiced", .alreadyDone,
        does: "nothing more",
        when: { $0.existing != nil }, action: { _ in .nothing }),
      DecisionRow(
        "invoice.no-catalog", found: "the close has no catalog in the account's currency",
        .contradiction, does: "park for a person",
        when: { if case .noCatalog = $0.rated { true } else { false } }, action: { _ in .park }),
      DecisionRow(
        "invoice.unratable", found: "usage and prices cannot be rated", .contradiction,
        does: "park for a person",
        when: { if case .unratable = $0.rated { true } else { false } }, action: { _ in .park }),
      DecisionRow(
        "invoice.nothing-due", found: "the invoice comes to zero", .same,
        does: "issue it; nothing is due", when: { $0.total == 0 }, action: { $0.issue }),
      DecisionRow(
        "invoice.credit", found: "corrections exceed the charges", .same,
        does: "issue it; the difference becomes customer credit", when: { $0.total < 0 },
        action: { $0.issue }),
      DecisionRow(
        "invoice.issue", found: "usage and prices are complete", .same, does: "issue it",
        when: { _ in true }, action: { $0.issue }),
    ])
}

extension InvoiceSituation {
  var total: Int64 {
    if case .draft(let draft) = rated { draft.totalMinor } else { 0 }
  }
  var issue: InvoiceAction {
    if case .draft(let draft) = rated { .issue(draft) } else { .park }
  }
}
