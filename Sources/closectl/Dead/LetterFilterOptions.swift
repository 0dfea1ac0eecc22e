import ArgumentParser
import Billing
import Foundation
import Ledger
import Operations
import Services

/// Which dead letters a command is about; every given condition must hold.
struct LetterFilterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Only this service: invoicer, charger, …", valueName: "service"),
    transform: parseService)
  var service: ServiceName?
  @Option(
    help: ArgumentHelp("Only this reason: gateway-unknown, behind, …", valueName: "word"),
    transform: parseFault)
  var fault: String?
  @Option(help: "Only this account.")
  var account: String?
  @Option(
    help: ArgumentHelp("Only this type, with or without a version: invoice.issued."),
    transform: parseType)
  var type: String?
  @Option(
    help: ArgumentHelp("Last failed longer ago than this: 2h, 3d.", valueName: "duration"),
    transform: parseDuration)
  var older: Int64?
  @Option(
    help: ArgumentHelp("Last failed more recently than this.", valueName: "duration"),
    transform: parseDuration)
  var younger: Int64?
  @Option(
    help: ArgumentHelp("Open amount above this, such as \"100 CHF\".", valueName: "amount"),
    transform: parseAmount)
  var amountOver: Money?

  func filter(ids: Set<String>? = nil) -> DeadLetterFilter {
    var filter = DeadLetterFilter()
    filter.service = service
    filter.reason = fault
    filter.account = account
    filter.type = type
    filter.olderThanSeconds = older
    filter.youngerThanSeconds = younger
    filter.amountOver = amountOver
    filter.ids = ids
    return filter
  }
}

func parseService(_ text: String) throws -> ServiceName {
  if let service = ServiceName(rawValue: text), MonthClose.services.contains(service) {
    return service
  }
  let known = MonthClose.services.map(\.rawValue).joined(separator: ", ")
  throw ValidationError("there is no service \(printable(text)); expected one of \(known)")
}

func parseFault(_ text: String) throws -> String {
  if DeadLetter.reasons.contains(text) { return text }
  let known = DeadLetter.reasons.joined(separator: ", ")
  throw ValidationError("there is no reason \(printable(text)); expected one of \(known)")
}

func parseType(_ text: String) throws -> String {
  if EventType.allCases.contains(where: { $0.rawValue == text || $0.routingKey == text }) {
    return text
  }
  let known = EventType.allCases.map(\.routingKey).joined(separator: ", ")
  throw ValidationError("there is no message type \(printable(text)); expected one of \(known)")
}

/// `a1b2,c3d4`: ids as `dead list` shows them.
func parseLetterIDs(_ text: String) throws -> Set<String> {
  let ids = text.split(separator: ",").map(String.init)
  let areIDs = ids.allSatisfy { id in
    id.utf8.count == 12 && id.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }
  guard !ids.isEmpty, areIDs else {
    throw ValidationError(
      "expected ids as `closectl dead list` shows them: 12 digits 0-9a-f, separated by commas")
  }
  return Set(ids)
}

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
