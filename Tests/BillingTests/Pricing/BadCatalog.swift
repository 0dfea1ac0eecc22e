/// A mistake in the full catalog of `CatalogTests`, and what is said about it.
struct BadCatalog: Sendable {
  var find: String
  var with: String
  /// `nil`: not a mistake at all.
  var error: String?

  /// The error is at the end of each line.
  static let cases: [BadCatalog] = rows.map { BadCatalog(find: $0.0, with: $0.1, error: $0.2) }

  private static let rows: [(String, String, String?)] = [
    (#""version": 3"#, #""version": "3""#, "version: expected a whole number without quotes"),
    (#""version": 3"#, #""version": 0"#, "version: expected 1 or more, found 0"),
    (#""version": 3, "#, "", "version: missing"),
    (
      #""CHF""#, #""CHX""#,
      "currency: unknown currency 'CHX'; expected an ISO 4217 code such as CHF"
    ),
    (
      #""version": 3"#, #""version": 3, "produkts": []"#,
      "produkts: unknown key, expected one of version, currency, valid_from, products, taxes"
    ),
    (
      #""model": "per_unit""#, #""model": "tiered""#,
      "products[1].price.model: unknown model 'tiered', expected one of flat, per_unit, graduated, "
        + "volume, package, percentage"
    ),
    (#""model": "flat", "#, "", "products[0].price.model: missing"),
    (
      #""amount": "12.90""#, #""amount": 12.90"#,
      "products[0].price.amount: expected a decimal in quotes, such as \"0.2135\", found a bare "
        + "number"
    ),
    (
      #""up_to": "600", "unit": "0.1""#, #""up_to": "600", "unit": 1"#,
      "products[2].price.tiers[1].unit: expected a decimal in quotes, such as \"0.2135\", found "
        + "a bare number"
    ),
    (
      #""amount": "12.90""#, #""amount": "12,90""#,
      "products[0].price.amount: '12,90' is not a decimal; expected digits with at most 18 "
        + "decimals such as 0.2135; use a point before the decimals and no thousands separator"
    ),
    (
      #""amount": "12.90""#, #""amount": "12.90 CHF""#,
      "products[0].price.amount: '12.90 CHF' is not a decimal; expected digits with at most 18 "
        + "decimals such as 0.2135; leave out the currency and the unit, which the "
        + "catalog and the product define"
    ),
    (
      #""discount_percent": "10""#, #""discount_percent": "10%""#,
      "products[0].price.discount_percent: '10%' is not a decimal; expected digits with at most 18 "
        + "decimals such as 0.2135; leave out the percent sign"
    ),
    (
      #""amount": "12.90""#, #""amount": ["12.90"]"#,
      "products[0].price.amount: expected a decimal in quotes, such as \"0.2135\""
    ),
    (#""amount": "12.90""#, #""amount": null"#, "products[0].price.amount: missing"),
    (
      #""amount": "12.90""#, #""amount": "-1""#,
      "products[0].price.amount: expected 0 or more, found -1"
    ),
    (
      #""amount": "12.90""#, #""ammount": "12.90""#,
      "products[0].price.ammount: unknown key for model flat, expected one of model, "
        + "discount_percent, minimum, maximum, amount"
    ),
    (
      #""discount_percent": "10""#, #""free_units": "10""#,
      "products[0].price.free_units: unknown key for model flat, expected one of model, "
        + "discount_percent, minimum, maximum, amount"
    ),
    (
      #""discount_percent": "10""#, #""discount_percent": "101""#,
      "products[0].price.discount_percent: expected 0 to 100, found 101"
    ),
    (
      #""name": "Fee""#, #""name": "Fee", "metric": "m""#,
      "products[0].metric: a flat price has no metric"
    ),
    (
      #""name": "Package", "metric": "m""#, #""name": "Package""#,
      "products[4].metric: missing; only a flat price has none"
    ),
    (#""name": "Fee", "#, "", "products[0].name: missing"),
    (
      #""name": "Fee""#, #""name": """#,
      "products[0].name: expected one line of 1 to 200 characters"
    ),
    (
      #""name": "Fee""#, #""name": "a\nb""#,
      "products[0].name: expected one line of 1 to 200 characters"
    ),
    (#""id": "unit""#, #""id": "fee""#, "products[1].id: duplicate product 'fee'"),
    (
      #""id": "unit""#, #""id": "a:b""#,
      "products[1].id: expected 1 to 64 letters, digits, '.', '_' or '-', found 'a:b'"
    ),
    (#""tax": "reduced""#, #""tax": "none""#, "products[1].tax: no tax is named 'none'"),
    (
      #""divide_by": "1000000""#, #""divide_by": "0""#,
      "products[1].price.convert.divide_by: expected more than 0, found 0"
    ),
    (
      #""half_up""#, #""up""#,
      "products[1].price.convert.round: unknown rounding 'up', expected one of ceiling, floor, "
        + "half_up"
    ),
    (
      #""free_units": "10""#, #""free_units": "-1""#,
      "products[1].price.free_units: expected 0 or more, found -1"
    ),
    (
      #""maximum": "9""#, #""maximum": "0.5""#,
      "products[1].price.maximum: expected at least the minimum 1, found 0.5"
    ),
    (
      #""up_to": "600""#, #""up_to": "150""#,
      "products[2].price.tiers[1].up_to: expected more than 150, found 150"
    ),
    (
      #""up_to": "150""#, #""up_to": null"#,
      "products[2].price.tiers[0].up_to: only the last tier may be open"
    ),
    (
      #""up_to": null"#, #""up_to": "900""#,
      "products[2].price.tiers[2].up_to: expected null, as the last tier must be open, found 900"
    ),
    (
      #""up_to": "150", "unit""#, #""upto": "150", "unit""#,
      "products[2].price.tiers[0].upto: unknown key, expected one of up_to, unit, flat, "
        + "package_size"
    ),
    (
      #""package_size": "100""#, #""package_size": "-100""#,
      "products[2].price.tiers[1].package_size: expected more than 0, found -100"
    ),
    (#"[{"unit": "5"}]"#, "[]", "products[3].price.tiers: expected at least one tier"),
    (#"[{"unit": "5"}]"#, #""5""#, "products[3].price.tiers: expected a list"),
    (
      #"[{"unit": "5"}]"#, #"["5"]"#,
      "products[3].price.tiers[0]: expected a mapping of keys to values"
    ),
    (
      #""size": "10""#, #""size": "-10""#, "products[4].price.size: expected more than 0, found -10"
    ),
    (
      #""rate": "0.029""#, #""rate": "2.9""#,
      "products[5].price.rate: expected a fraction from 0 to 1 (\"0.029\" for 2.9 %), found 2.9"
    ),
    (
      #""free_events": 3"#, #""free_events": -3"#,
      "products[5].price.free_events: expected 0 or more, found -3"
    ),
    (
      #""free_events": 3"#, #""free_units": "3""#,
      "products[5].price.free_units: means the same as free_total here; expected only one of them"
    ),
    (
      #""max_per_event": "12""#, #""max_per_event": "0.4""#,
      "products[5].price.max_per_event: expected at least the min_per_event 0.5, found 0.4"
    ),
    (
      #""rate": "0.081""#, #""rate": "8.1%""#,
      "taxes[0].rate: '8.1%' is not a decimal; expected digits with at most 18 decimals such as "
        + "0.2135; \"0.081\" is 8.1 %"
    ),
    (
      #""rate": "0.081""#, #""rate": "8.1""#,
      "taxes[0].rate: expected a fraction from 0 to 1 (\"0.081\" for 8.1 %), found 8.1"
    ),
    (
      #""country": "CH", "name": "MWST""#, #""country": "ch", "name": "MWST""#,
      "taxes[0].country: 'ch' is not a country code in capital letters: write \"CH\""
    ),
    (
      #""country": "CH", "name": "MWST""#, #""country": "UK", "name": "MWST""#,
      "taxes[0].country: 'UK' is not an ISO 3166 country code: write GB for the United Kingdom"
    ),
    (#""name": "reduced""#, #""name": "MWST""#, "products[1].tax: no tax is named 'reduced'"),
    (#""tax": "reduced", "price""#, #""price""#, nil),
  ]
}
