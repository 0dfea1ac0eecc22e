import ArgumentParser
import Foundation
import Operations

/// Who moves dead letters, and why: kept in the ledger with every letter.
struct MovingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The reason, for the record.", valueName: "text"))
  var reason: String?
  @OptionGroup var who: OperatorOption
  @Option(
    help: ArgumentHelp(
      "Include letters of this class: done, contradicts, undecodable. Repeatable.",
      valueName: "class"),
    transform: parseClass)
  var also: [DeadLetterClass] = []

  func validate() throws {
    if let reason { try checkPlainText(reason, of: "--reason") }
  }

  func reasonGiven() throws -> String {
    guard let reason else {
      throw Misuse("--reason TEXT is required: it is recorded with every letter that is moved")
    }
    return reason
  }
}

func parseClass(_ text: String) throws -> DeadLetterClass {
  if let found = DeadLetterClass(rawValue: text) { return found }
  let known = DeadLetterClass.allCases.map(\.rawValue).joined(separator: ", ")
  throw ValidationError("there is no class \(printable(text)); expected one of \(known)")
}

/// `50/s` or `50`.
func parseRate(_ text: String) throws -> Int {
  let digits = text.hasSuffix("/s") ? text.dropLast(2) : text[...]
  guard let rate = Int(digits), (1...100_000).contains(rate) else {
    throw ValidationError("expected letters per second, 1 to 100000, such as 50/s")
  }
  return rate
}
