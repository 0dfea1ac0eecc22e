/// One fictional customer of the cloud provider.
struct SampleCustomer {
  /// How much the customer uses in the month; all zero for a customer without usage.
  struct Consumption {
    /// Metric of the server size and the hour of the month from which it runs; `nil`: no server.
    var server: (metric: String, fromHour: Int)?
    var storageGB = 0
    var trafficGB = 0
    /// All usage is taken back, so the invoice is negative.
    var isCorrection = false
  }

  var id: String
  var name: String
  var country: String
  var currency: String
  var timeZone: String
  var collection: String
  var paymentMethod: String
  var holdAfterDays: Int
  var consumption: Consumption

  static let header =
    "account_id,name,email,currency,country,timezone,collection,payment_method,hold_after_days\n"

  var csvLine: String {
    "\(id),\(name),\(id)@customers.example,\(currency),\(country),\(timeZone),"
      + "\(collection),\(paymentMethod),\(holdAfterDays)\n"
  }

  /// Customer `number` (from 1) of the sample with this seed; hours: length of the month.
  init(number: Int, seed: UInt64, hours: Int) {
    var random = SplitMix64(seed: seed, number: number)
    let digits = String(number)
    id = "cust-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    name = SampleNames.name(&random)
    let euro = random.happens(100)
    country = euro ? (random.happens(250) ? "AT" : "DE") : "CH"
    currency = euro ? "EUR" : "CHF"
    timeZone = euro ? (country == "AT" ? "Europe/Vienna" : "Europe/Berlin") : "Europe/Zurich"
    collection = random.happens(80) ? "manual" : "auto"
    paymentMethod = collection == "manual" ? "" : Self.card(&random)
    holdAfterDays = collection == "manual" ? 30 : random.pick([7, 7, 7, 14])
    consumption = random.happens(15) ? Consumption() : Self.consumption(&random, hours: hours)
  }

  /// For fault tests: every kind of outcome, even among few customers. Of every 20, one is declined
  /// for now, one is declined for good, one pays by hand, one owes nothing and one is owed money.
  mutating func becomeAwkward(number: Int) {
    switch number % 20 {
    case 3: pay(with: "pm_card_visa_chargeDeclinedInsufficientFunds")
    case 7: pay(with: "pm_card_visa_chargeDeclinedLostCard")
    case 11: (collection, paymentMethod) = ("manual", "")
    case 15:
      // in euros, since the prices in francs have a support plan
      (currency, country, timeZone) = ("EUR", "DE", "Europe/Berlin")
      pay(with: "pm_card_visa")
      consumption = Consumption()
    case 19:
      pay(with: "pm_card_visa")
      consumption = Consumption(server: ("server_large_hours", 0), isCorrection: true)
    default: break
    }
  }

  private mutating func pay(with card: String) { (collection, paymentMethod) = ("auto", card) }

  /// About 3 % are declined for now, 1 % for good; the rest pay. The names are the gateway's.
  private static func card(_ random: inout SplitMix64) -> String {
    switch random.number(in: 1...1000) {
    case ...30: "pm_card_visa_chargeDeclinedInsufficientFunds"
    case ...40: "pm_card_visa_chargeDeclinedLostCard"
    default: random.pick(["pm_card_visa", "pm_card_visa", "pm_card_mastercard"])
    }
  }

  private static func consumption(_ random: inout SplitMix64, hours: Int) -> Consumption {
    var result = Consumption()
    if random.happens(900) {
      let sizes = ["server_small_hours", "server_medium_hours", "server_large_hours"]
      let size = sizes[[0, 0, 0, 0, 1, 1, 1, 2][random.number(in: 0...7)]]
      // most run all month and reach the month's maximum, some were started later
      let fromHour = random.happens(700) ? 0 : random.number(in: 1...(hours - 1))
      result.server = (size, fromHour)
    }
    if random.happens(700) { result.storageGB = random.number(in: 1...60) * 10 }
    result.trafficGB =
      random.happens(150) ? random.number(in: 1_000...30_000) : random.number(in: 1...900)
    return result
  }
}

/// Fictional names, with letters beyond ASCII.
enum SampleNames {
  private static let first = [
    "Aline", "Ben", "Chiara", "Dario", "Élodie", "Fabian", "Giulia", "Hanna", "Inès", "Jürg",
    "Katja", "Luca", "Mélanie", "Noah", "Ophélie", "Paul", "Regula", "Søren", "Tim", "Zoë",
  ]
  private static let last = [
    "Ammann", "Bürgi", "Caduff", "Dörig", "Egli", "Favre", "Grünig", "Huber", "Iten", "Jäggi",
    "Köhler", "Lüthi", "Müller", "Nägeli", "O'Brien", "Perrin", "Rossi", "Schäfer", "Tanner",
    "Weiss",
  ]
  private static let trade = [
    "Bakery", "Cycles", "Design", "Garden", "Imaging", "Logistics", "Print", "Robotics", "Studio",
    "Travel",
  ]

  /// A person, or (one in three) a company.
  static func name(_ random: inout SplitMix64) -> String {
    let family = random.pick(last)
    return random.happens(333)
      ? "\(family) \(random.pick(trade)) & Co" : "\(random.pick(first)) \(family)"
  }
}
