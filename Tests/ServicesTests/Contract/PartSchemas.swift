import Billing
import Ledger

@testable import Services

/// JSON Schema (draft-07) of what messages are made of. Every bound and every list of words is the
/// code's own; only the sentences are written here.
enum PartSchemas {
  static let draft = "http://json-schema.org/draft-07/schema#"
  static let file = "parts.json"

  static func reference(_ name: String) -> Page { .reference("\(file)#/definitions/\(name)") }

  private static func local(_ name: String) -> Page { .reference("#/definitions/\(name)") }

  static var page: Page {
    .object([
      ("$schema", .text(draft)),
      ("title", .text("Parts of month-close's messages")),
      (
        "description",
        .text(
          "Readers must ignore fields that they do not know: any version may add some. `null` "
            + "counts as absent. month-close and the broker count lengths in bytes of UTF-8.")
      ),
      ("definitions", .object(definitions)),
    ])
  }

  private static var definitions: [(key: String, value: Page)] {
    [
      ("text", text(max: MessageObject.maxTextBytes)),
      ("reason", text(max: 1000, "The name of the rule that decided, or what a server said.")),
      (
        "time",
        .object([
          ("type", .text("string")), ("format", .text("date-time")),
          ("pattern", .text(timePattern)),
          ("description", .text("RFC 3339. month-close writes UTC, to the millisecond at most.")),
        ])
      ),
      (
        "period",
        .object([
          ("type", .text("string")), ("maxLength", .number(7)),
          ("pattern", .text("^(19|[2-9][0-9])[0-9]{2}-(0[1-9]|1[0-2])$")),
          ("description", .text("A month as YYYY-MM, in the account's own time zone.")),
        ])
      ),
      ("minor", whole("An amount in minor units of the account's currency.")),
      ("currency", words(Currency.allCodes, "ISO 4217.")),
      ("snapshot", snapshot), ("invoice", invoice), ("range", range), ("charge", charge),
      ("mail", mail), ("payment", payment), ("ends", ends),
      (
        "early",
        flag(
          "Confirms a month that has begun and is not over in every time zone; refused without it.")
      ),
      (
        "past",
        flag(
          "Confirms a month from long ago, or from before the ledger's first; refused without it.")
      ),
      (
        "late",
        flag("Adds the accounts that were imported after the start of a running close.")
      ),
    ]
  }

  private static let timePattern =
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]"
    + #"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"#
    + "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"

  // MARK: The parts

  private static var snapshot: Page {
    object(
      "What the sender knew about the account, and at which position of the ledger.",
      [
        ("account", local("text"), true),
        (
          "position", whole("The account's ledger version: grows by one with every posting.", 0),
          true
        ),
        ("takenAt", local("time"), true),
        ("currency", local("currency"), true),
        ("balance", whole("What the customer owes, in minor units; negative: credit."), true),
        ("hold", .object([("type", .text("boolean"))]), true),
        (
          "collection",
          words(
            CollectionMethod.allCases.map(\.rawValue),
            "`auto`: the card is charged; `manual`: the customer pays the invoice."), true
        ),
        ("invoice", local("invoice"), false),
      ])
  }

  private static var invoice: Page {
    object(
      "The invoice the message is about, as the sender knew it.",
      [
        ("id", local("text"), true), ("total", local("minor"), true),
        ("open", local("minor"), true),
        (
          "status",
          words(InvoiceStatus.allCases.map(\.rawValue), "Whether it is still to be paid."),
          true
        ),
      ])
  }

  private static var range: Page {
    object(
      "One of the ranges into which a close divides its accounts.",
      [
        ("number", whole("Its number, from 0.", 0), true),
        ("of", whole("The number of ranges.", 0), true),
      ])
  }

  private static var charge: Page {
    object(
      "An attempt to charge a card.",
      [
        ("attempt", whole("From 1; 0 if nothing was attempted.", 0), true),
        ("amount", local("minor"), true), ("declineCode", local("text"), false),
        ("nextAttemptAt", local("time"), false),
      ])
  }

  private static var mail: Page {
    object(
      "A mail, without its text and without an address.",
      [
        ("kind", words(MailKind.allCases.map(\.rawValue), "What the mail is about."), true),
        ("about", local("text"), true),
      ])
  }

  private static var payment: Page {
    object(
      "Money that arrived other than through the gateway, or a credit.",
      [("amount", local("minor"), true), ("reference", local("text"), true)])
  }

  private static var ends: Page {
    let count = whole("The number of accounts.")
    return object(
      "The accounts by how they ended; when a close starts, `expected` and, of those, `late`.",
      (AccountEnd.allCases.map(\.rawValue) + ["expected", "late"]).map { ($0, count, false) },
      others: .object([("type", .text("integer"))]))
  }

  // MARK: Forms

  static func object(
    _ description: String, _ fields: [(name: String, schema: Page, isRequired: Bool)],
    others: Page? = nil
  ) -> Page {
    let required = fields.filter(\.isRequired).map(\.name)
    var members: [(key: String, value: Page)] = [
      ("type", .text("object")), ("description", .text(description)),
    ]
    if !required.isEmpty { members.append(("required", .texts(required))) }
    members.append(("properties", .object(fields.map { ($0.name, $0.schema) })))
    if let others { members.append(("additionalProperties", others)) }
    return .object(members)
  }

  static func text(max: Int, _ description: String? = nil) -> Page {
    var members: [(key: String, value: Page)] = [
      ("type", .text("string")), ("minLength", .number(1)), ("maxLength", .number(Int64(max))),
      ("not", .object([("pattern", .text(#"[\u0000-\u001f\u007f]"#))])),
    ]
    if let description { members.append(("description", .text(description))) }
    return .object(members)
  }

  private static func words(_ words: [String], _ description: String) -> Page {
    .object([
      ("type", .text("string")), ("enum", .texts(words)), ("description", .text(description)),
    ])
  }

  private static func flag(_ description: String) -> Page {
    .object([("type", .text("boolean")), ("description", .text(description))])
  }

  private static func whole(_ description: String, _ least: Int64 = .min) -> Page {
    .object([
      ("type", .text("integer")), ("minimum", .number(least)), ("maximum", .number(.max)),
      ("description", .text(description)),
    ])
  }
}
