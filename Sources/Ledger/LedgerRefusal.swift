/// What the ledger refuses because it can never be right: an error of the program or of its input,
/// not of the store. Trying again does not help; the batch it was part of is undone.
public struct LedgerRefusal: Error, Equatable, CustomStringConvertible {
  public let reason: String

  public init(_ reason: String) {
    self.reason = reason
  }

  public var description: String { "the ledger refuses: \(reason)" }
}
