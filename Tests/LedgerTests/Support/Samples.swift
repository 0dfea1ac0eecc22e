import Billing
import Ledger

/// What a test writes down is right, or the test is wrong.
func known<Value>(_ value: @autoclosure () throws -> Value) -> Value {
  do { return try value() } catch { preconditionFailure("\(error)") }
}

let november = known(try Period("2026-11"))
let october = known(try Period("2026-10"))
let chf = known(try Currency("CHF"))
let noon = known(try Instant(rfc3339: "2026-12-01T12:00:00Z"))

func day(_ text: String) -> CivilDate {
  guard let date = CivilDate(text) else { preconditionFailure("\(text) is no date") }
  return date
}

func sampleAccount(
  _ id: String = "meter-1", currency: Currency = chf, timeZone: String = "Europe/Zurich",
  start: String? = nil, end: String? = nil
) -> Account {
  Account(
    id: id, name: "Name of \(id)", email: "\(id)@customers.example", currency: currency,
    country: "CH", timeZone: timeZone, collection: .auto, paymentMethod: "pm_card_visa",
    holdAfterDays: 7, start: start.map(day),
    end: end.map(day))
}

/// One line of electricity at 8.1 %, or none for an amount of 0.
func sampleDraft(
  _ account: String = "meter-1", period: Period = november, netMinor: Int64 = 1000,
  billed: [BilledUsage] = []
) -> InvoiceDraft {
  let tax = netMinor * 81 / 1000
  let line = InvoiceLine(
    product: "electricity", text: "Electricity",
    quantity: known(try ExactDecimal(parsing: "12.345")),
    unit: "kWh", amountMinor: netMinor, taxName: "MWST", taxRate: "0.081")
  return InvoiceDraft(
    account: account, period: period, currency: chf, catalogVersion: 1,
    lines: netMinor == 0 ? [] : [line],
    taxes: netMinor == 0
      ? [] : [TaxTotal(name: "MWST", rate: "0.081", taxableMinor: netMinor, amountMinor: tax)],
    netMinor: netMinor, taxMinor: tax, totalMinor: netMinor + tax, billed: billed)
}

func sampleAttempt(
  _ account: String = "meter-1", number: Int = 1, amountMinor: Int64 = 1081,
  state: AttemptState = .sent
) -> Attempt {
  Attempt(
    invoice: "2026-11/\(account)", account: account, number: number,
    key: "key/\(account)/\(number)", amountMinor: amountMinor, currency: chf, state: state,
    rule: "charge.same", createdAt: noon)
}

func sampleEvent(_ id: String, account: String? = "meter-1") -> OutgoingEvent {
  OutgoingEvent(
    id: id, type: "invoice.issued.v1", routingKey: "invoice.issued", account: account,
    period: november, body: Array("{\"id\":\"\(id)\"}".utf8))
}

func sampleUsage(
  _ id: String, _ quantity: String, account: String = "meter-1", metric: String = "electricity_kwh",
  start: String = "2026-11-10T10:00:00+01:00", line: Int = 2, source: String? = nil
) -> UsageRow {
  let start = known(try Instant(rfc3339: start))
  return UsageRow(
    eventID: id, account: account, metric: metric,
    quantity: known(try ExactDecimal(parsing: quantity)),
    start: start, end: start.adding(seconds: 900), line: line, source: source)
}

func sampleCatalog(
  version: Int = 1, currency: Currency = chf, unit: String = "0.25", singleEvents: Bool = false
) -> Catalog {
  let price =
    singleEvents
    ? Price(.percentage(Percentage(rate: .one, minPerEvent: .one)))
    : Price(.perUnit(known(try ExactDecimal(parsing: unit))))
  return Catalog(
    version: version, currency: currency,
    products: [
      Product(
        id: "electricity", name: "Electricity", metric: "electricity_kwh", unit: "kWh",
        price: price)
    ],
    taxes: [Tax(country: "CH", name: "MWST", rate: known(try ExactDecimal(parsing: "0.081")))])
}

let sameDecision = DecisionRecord(rule: "test.same", finding: .same, explanation: "a test")
