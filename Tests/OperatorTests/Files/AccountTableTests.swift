import Billing
import Ledger
import Testing

@testable import closectl

@Suite struct AccountTableTests {
  private static let header =
    "account_id,name,email,currency,country,timezone,collection,payment_method,hold_after_days\n"

  private func read(
    _ rows: String
  ) throws -> (accounts: [(account: Account, line: Int)], faults: [RefusedRow]) {
    let scratch = try Scratch()
    let path = try scratch.write(Self.header + rows, to: "accounts.csv")
    var faults = FaultList(keepsAll: true)
    let accounts = try AccountTable(try FileBytes(path)).read(faults: &faults)
    return (accounts.rows, faults.rows)
  }

  private func read(
    dates header: String, _ dates: String...
  ) throws -> (file: AccountRows, faults: [RefusedRow]) {
    let scratch = try Scratch()
    let rows = dates.enumerated().map {
      "m-\($0.offset),A,a@b.ch,CHF,CH,UTC,manual,,7\($0.element)\n"
    }
    let path = try scratch.write(
      Self.header.dropLast() + header + "\n" + rows.joined(), to: "accounts.csv")
    var faults = FaultList(keepsAll: true)
    return (try AccountTable(try FileBytes(path)).read(faults: &faults), faults.rows)
  }

  /// A missing column is distinguished from an empty cell.
  @Test(
    arguments: [
      ("", "", [.start, .end], nil, nil),
      (",start,end", ",2026-01-15,2026-11-15", [], "2026-01-15", "2026-11-15"),
      (",end,start", ",2026-11-15,2026-01-15", [], "2026-01-15", "2026-11-15"),
      (",start,end", ",,", [], nil, nil),
      (",End", ",2026-11-15", [.start], nil, "2026-11-15"),
      (",start", ",2026-11-15", [.end], "2026-11-15", nil),
      (",reason,start", ",was bad,2026-11-15", [.end], "2026-11-15", nil),
    ] as [(String, String, Set<AccountDate>, String?, String?)])
  func `Dates are optional`(
    header: String, row: String, unstated: Set<AccountDate>, start: String?, end: String?
  ) throws {
    let (file, faults) = try read(dates: header, row)
    #expect(faults.isEmpty)
    #expect(file.unstated == unstated)
    #expect(file.rows.map { $0.account.start?.description } == [start])
    #expect(file.rows.map { $0.account.end?.description } == [end])
  }

  @Test(arguments: [
    (",2026-11-15T00:00:00+01:00,", "start", "is a time; write the day alone, like 2026-11-15"),
    (",2026-11-15 00:00,", "start", "is a time; write the day alone, like 2026-11-15"),
    (",15.11.2026,", "start", "is not a date (like 2026-11-15)"),
    (",,11/15/2026", "end", "is not a date (like 2026-11-15)"),
    (",,20261115", "end", "is not a date (like 2026-11-15)"),
    (",,2026-11-31", "end", "is not a calendar day"),
    (",,2026-13-01", "end", "is not a calendar day"),
    (",,0026-11-15", "end", "is not in the years 1900 to 9998"),
    (",9999-01-01,", "start", "is not in the years 1900 to 9998"),
    (",2026-11-15,2026-11-15", "end", "\"2026-11-15\" is not after start \"2026-11-15\""),
    (",2026-11-15,2026-11-14", "end", "\"2026-11-14\" is not after start \"2026-11-15\""),
  ])
  func `A bad date is told by line column and reason`(row: String, column: String, reason: String)
    throws
  {
    let (file, faults) = try read(dates: ",start,end", ",,", row)
    #expect(file.rows.count == 1)
    #expect(faults.map(\.line) == [3])
    #expect(faults.map(\.column) == [column])
    #expect(faults.allSatisfy { $0.reason.hasSuffix(reason) }, "\(faults)")
  }

  /// A spreadsheet writes all of its dates alike.
  @Test func `A column of another form is told once`() throws {
    let (_, faults) = try read(dates: ",end", ",15.11.2026", ",16.11.2026", ",2026-11-31")
    #expect(faults.map(\.isOfColumn) == [true, true, false])
  }

  @Test func `An unknown column is told which are optional`() throws {
    let fault = #expect(throws: FileFault.self) { try read(dates: ",begin", ",2026-11-15") }
    #expect(fault?.reason.hasSuffix("hold_after_days, and may have start, end") == true)
  }

  @Test func `An account is read`() throws {
    let (accounts, faults) = try read(
      "m-1,\"Müller, Anna\",a@b.example,CHF,CH,Europe/Zurich,auto,pm_card_visa,7\n"
        + "m-2,B,b@b.example,JPY,JP,Asia/Tokyo,manual,,0\n")
    #expect(faults.isEmpty)
    #expect(accounts.map(\.line) == [2, 3])
    #expect(
      accounts.map(\.account) == [
        Account(
          id: "m-1", name: "Müller, Anna", email: "a@b.example", currency: try Currency("CHF"),
          country: "CH", timeZone: "Europe/Zurich", collection: .auto,
          paymentMethod: "pm_card_visa", holdAfterDays: 7),
        Account(
          id: "m-2", name: "B", email: "b@b.example", currency: try Currency("JPY"),
          country: "JP", timeZone: "Asia/Tokyo", collection: .manual, paymentMethod: nil,
          holdAfterDays: 0),
      ])
  }

  @Test(arguments: [
    (",A,a@b.ch,CHF,CH,Europe/Zurich,manual,,7", "account_id", "is empty"),
    ("m,,a@b.ch,CHF,CH,Europe/Zurich,manual,,7", "name", "is empty"),
    ("m,\"A\nB\",a@b.ch,CHF,CH,Europe/Zurich,manual,,7", "name", "has a control character"),
    (
      "m,A,nobody,CHF,CH,Europe/Zurich,manual,,7", "email",
      "is not an e-mail address (like name@example.com)"
    ),
    (
      "m,A,a@b.ch,XQQ,CH,Europe/Zurich,manual,,7", "currency",
      "\"XQQ\" is not an ISO 4217 currency (like CHF)"
    ),
    (
      "m,A,a@b.ch,CHF,Switzerland,Europe/Zurich,manual,,7", "country",
      "\"Switzerland\" is not an ISO 3166 country code (like CH)"
    ),
    (
      "m,A,a@b.ch,CHF,ch,Europe/Zurich,manual,,7", "country",
      "\"ch\" is not a country code in capital letters: write \"CH\""
    ),
    (
      "m,A,a@b.ch,CHF,UK,Europe/Zurich,manual,,7", "country",
      "\"UK\" is not an ISO 3166 country code: write GB for the United Kingdom"
    ),
    (
      "m,A,zoë@b.ch,CHF,CH,Europe/Zurich,manual,,7", "email",
      "has non-ASCII letters before the @, which mail cannot be sent to"
    ),
    (
      "m,A,a@b.ch,CHF,CH,Europe/Atlantis,manual,,7", "timezone",
      "\"Europe/Atlantis\" is not a time zone (like Europe/Zurich)"
    ),
    (
      "m,A,a@b.ch,CHF,CH,Europe/Zurich,sometimes,,7", "collection",
      "\"sometimes\" is neither auto nor manual"
    ),
    (
      "m,A,a@b.ch,CHF,CH,Europe/Zurich,auto,4242 4242-42424242,7", "payment_method",
      "is a card number, which must not be stored: use the payment gateway's id for the card"
    ),
    (
      "m,A,a@b.ch,CHF,CH,Europe/Zurich,auto,,7", "payment_method",
      "is empty; an account with collection auto needs one"
    ),
    (
      "m,A,a@b.ch,CHF,CH,Europe/Zurich,manual,,366", "hold_after_days",
      "\"366\" is not a number of days from 0 to 365"
    ),
    (
      "m,A,a@b.ch,CHF,CH,Europe/Zurich,manual,,-1", "hold_after_days",
      "\"-1\" is not a number of days from 0 to 365"
    ),
    ("first,A,a@b.ch,CHF,CH,Europe/Zurich,manual,,7", "account_id", "is already on line 2"),
    ("m,A", "row", "has 2 fields, the header has 9"),
  ])
  func `A bad row is told by line column and reason`(row: String, column: String, reason: String)
    throws
  {
    let first = "first,F,f@b.ch,CHF,CH,Europe/Zurich,manual,,7\n"
    let (accounts, faults) = try read(first + row + "\n")
    #expect(accounts.count == 1)
    #expect(faults == [RefusedRow(line: 3, column: column, reason: reason)])
  }

  @Test func `No fault repeats personal data`() throws {
    let (_, faults) = try read(
      "m,\"Anna\nMüller\",a@b.ch,CHF,CH,Europe/Zurich,manual,,7\n"
        + "n,Anna,anna at home,CHF,CH,Europe/Zurich,manual,,7\n"
        + "o,Anna,a@b.ch,CHF,CH,Europe/Zurich,auto,\" pm_secret\",7\n")
    #expect(faults.count == 3)
    for fault in faults {
      for secret in ["Anna", "home", "pm_secret"] { #expect(!fault.reason.contains(secret)) }
    }
  }

  /// All of them at once, so that a file has to be corrected once.
  @Test func `Everything that is wrong with a row is told`() throws {
    let (accounts, faults) = try read(",A,nobody,XQQ,UK,Atlantis,never,,x\n")
    #expect(accounts.isEmpty)
    #expect(
      faults.map(\.column) == [
        "account_id", "email", "currency", "country", "timezone", "collection", "hold_after_days",
      ])
  }

  /// What is taken in is what the mailer sends to.
  @Test(
    arguments: [
      ("a@b.ch", "a@b.ch"), ("first.last+tag@sub.example.com", "first.last+tag@sub.example.com"),
      ("A@EXAMPLE.COM", "A@EXAMPLE.COM"), ("o'brien@example.com", "o'brien@example.com"),
      ("a@例え.jp", "a@xn--r8jz45g.jp"), ("a@EXÄMPLE.ch", "a@xn--exmple-cua.ch"),
      ("a@xn--r8jz45g.jp", "a@xn--r8jz45g.jp"),
      ("zoë@exämple.ch", nil), ("a..b@c.ch", nil), (".a@c.ch", nil), ("a@exa_mple.com", nil),
      ("a@ä_b.ch", nil), ("a@ä:80", nil), ("a@ä/b.ch", nil), ("a@-ä.ch", nil),
      ("mailto:a@b.ch", nil), ("\"a b\"@c.ch", nil), ("a@[127.0.0.1]", nil), ("a@b;c@d.ch", nil),
      ("", nil), ("a", nil), ("a@b", nil), ("@b.ch", nil), ("a@", nil), ("a@@b.ch", nil),
      ("a@b.ch@c.ch", nil), ("a b@c.ch", nil), ("a@b..ch", nil), ("a@.ch", nil), ("a@b.ch.", nil),
      ("a@b.ch\r\nBcc: x@y.ch", nil), ("<a@b.ch>", nil), ("a,b@c.ch", nil),
      ("!#$%&'*+-/=?^_`{|}~@b.ch", "!#$%&'*+-/=?^_`{|}~@b.ch"), ("a%b.x@c.ch", "a%b.x@c.ch"),
      ("a@1.2.3.4", "a@1.2.3.4"), ("-a@b.ch", "-a@b.ch"), ("a.@c.ch", nil), ("\"a\"@c.ch", nil),
      ("\"a..b\"@c.ch", nil), ("a(comment)@b.ch", nil), ("a@b.ch(comment)", nil),
      ("a\\@b@c.ch", nil), ("Anna <a@b.ch>", nil), ("a@b.ch,c@d.ch", nil), ("a@ b.ch", nil),
      ("a@b_c.ch", nil), ("a\u{0}@b.ch", nil), ("a\u{200b}@b.ch", nil), ("a＠b.ch", nil),
      (String(repeating: "a", count: 64) + "@b.ch", String(repeating: "a", count: 64) + "@b.ch"),
      ("a@" + String(repeating: "b.", count: 126), nil),
      ("a@" + String(repeating: "b.", count: 127) + "ch", nil),
      (String(repeating: "a", count: 65) + "@b.ch", nil),
      ("a@" + String(repeating: "d", count: 64) + ".com", nil),
    ] as [(String, String?)])
  func `Addresses that cannot be mailed are refused`(address: String, kept: String?) {
    var address = address
    let read = address.withUTF8 { EmailField.read($0) }
    switch read {
    case .success(let found):
      #expect(found.text == kept)
      // The mailer reads what was stored.
      #expect(EmailAddress(found.text) == found)
    case .failure: #expect(kept == nil)
    }
  }
}
