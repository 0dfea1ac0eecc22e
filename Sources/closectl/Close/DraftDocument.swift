import Billing

/// A draft's lines, as the invoice would have them.
struct DraftDocument: Encodable {
  struct Line: Encodable {
    var product: String
    var text: String
    var quantity: String?
    var unit: String?
    var amount: Int64
    var tax: String?
    var correctsPeriod: String?
  }
  struct Tax: Encodable {
    var name: String
    var rate: String
    var taxable: Int64
    var amount: Int64
  }
  var account: String
  var currency: String
  var catalogVersion: Int
  var lines: [Line]
  var taxes: [Tax]
  var net: Int64
  var tax: Int64
  var total: Int64

  init(_ draft: InvoiceDraft) {
    account = draft.account
    currency = draft.currency.code
    catalogVersion = draft.catalogVersion
    lines = draft.lines.map { line in
      Line(
        product: line.product, text: line.text, quantity: line.quantity?.description,
        unit: line.unit, amount: line.amountMinor,
        tax: line.taxRate.map { "\(line.taxName ?? "tax") \($0)" },
        correctsPeriod: line.correctsPeriod?.description)
    }
    taxes = draft.taxes.map {
      Tax(name: $0.name, rate: $0.rate, taxable: $0.taxableMinor, amount: $0.amountMinor)
    }
    net = draft.netMinor
    tax = draft.taxMinor
    total = draft.totalMinor
  }

  var text: [String] {
    var table = Table([
      .init("line"), .init("quantity", .right), .init("unit"), .init("tax"),
      .init("amount", .right),
    ])
    for line in lines {
      table.add(
        line.text, line.quantity.map(GroupedDigits.grouped) ?? "", line.unit ?? "",
        line.tax.map(taxInPercent) ?? "",
        money(line.amount, currency))
    }
    table.add("net", "", "", "", money(net, currency))
    for tax in taxes {
      table.add(
        "\(tax.name) on \(money(tax.taxable, currency))", "", "",
        percent(tax.rate),
        money(tax.amount, currency))
    }
    table.add("total", "", "", "", money(total, currency))
    return ["account \(account), catalog version \(catalogVersion)"] + table.lines()
  }
}
