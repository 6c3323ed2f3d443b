"""What exports call things, in English, German, French, Spanish, Italian, Dutch, Portuguese and Polish."""

from __future__ import annotations

import unicodedata


def _words(text: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in text.split(","))


SYNONYMS: dict[str, tuple[str, ...]] = {
    "date": _words("""
        date, day, invoice date, order date, sales date, transaction date, posting date, snapshot
        date, stock date, week, month, period, ds, timestamp, datum, tag, belegdatum,
        buchungsdatum, verkaufsdatum, woche, monat, stichtag, jour, semaine, mois, date de vente,
        fecha, dia, semana, mes, data, giorno, settimana, mese, dag, dzien, tydzien, miesiac, week ending,
        week end, week starting, week commencing, week start, month ending, date time, datetime
    """),
    "sku": _words("""
        sku, item, item id, item no, item number, item code, product, product id, product code,
        product number, productid, stockcode, stock code, article, article number, article no,
        material, material number, part, part no, part number, upc, ean, gtin, artikel,
        artikelnummer, artikelnr, artikel nr, art nr, materialnummer, produkt, produktnummer,
        produit, code produit, reference, code article, articulo, codigo, producto, codigo
        articulo, articolo, codice, prodotto, codice articolo, artikelcode, produto, codigo do
        produto, towar, indeks, kod, unique id, item sku, product sku
    """),
    "location": _words("""
        location, store, store id, store code, store no, store number, shop, branch, warehouse,
        site, plant, outlet, filiale, filialnummer, filial nr, markt, lager, lagerort, werk,
        standort, magasin, entrepot, depot, point de vente, tienda, almacen, sucursal, negozio,
        magazzino, punto vendita, winkel, vestiging, magazijn, loja, armazem, sklep, magazyn
    """),
    "quantity": _words("""
        quantity, qty, units, units sold, sales, sold, sales qty, sales quantity, unit sales,
        volume, demand, sales units, order quantity, ordered, ordered qty, order qty, pieces,
        menge, anzahl, absatz, stueck, stuck, verkaufsmenge, bestellmenge, quantite, qte, unites,
        ventes, quantite vendue, cantidad, unidades, ventas, quantita, venduto, pezzi, aantal,
        hoeveelheid, verkopen, quantidade, vendas, ilosc, sprzedaz, y, sold units, sold qty
    """),
    "revenue": _words("""
        revenue, turnover, sales value, sales amount, amount, net sales, line total, total price,
        value, umsatz, betrag, erlos, chiffre d affaires, ca, montant, importe, facturacion,
        ingresos, fatturato, ricavo, importo, omzet, bedrag, receita, faturamento, wartosc,
        przychod
    """),
    "price": _words("""
        price, unit price, selling price, sell price, sales price, retail price, preis,
        verkaufspreis, stueckpreis, stuckpreis, einzelpreis, vk, prix, prix unitaire, precio,
        precio unitario, prezzo, prezzo unitario, prijs, preco, preco unitario, cena
    """),
    "promo": _words("""
        promo, promotion, on promotion, onpromotion, deal, promo flag, aktion, en promotion,
        promocion, promozione, actie, promocao, promocja
    """),
    "in_stock": _words("in stock, instock, availability, available share, verfugbarkeit, disponibilite"),
    "lost_sales": _words("lost sales, stockout, out of stock, oos"),
    "name": _words("""
        name, description, product name, item name, item description, product description, store
        name, supplier name, location name, article description, bezeichnung, artikelbezeichnung,
        beschreibung, artikelname, designation, libelle, nom, descripcion, nombre, descrizione,
        nome, omschrijving, naam, descricao, nazwa, opis
    """),
    "order": _words("""
        order, order id, order no, order number, invoice, invoice no, invoice number, invoiceno,
        receipt, receipt no, receipt number, ticket, basket, transaction, transaction id,
        document, rechnung, rechnungsnummer, belegnummer, beleg, bon, bestellung, facture, no
        facture, commande, factura, pedido, fattura, ordine, factuur, fatura, faktura, paragon
    """),
    "currency": _words("""
        currency, currency code, curr, ccy, wahrung, waehrung, devise, monnaie, moneda, divisa,
        valuta, moeda, waluta
    """),
    "unit_factor": _words("unit factor, eaches per unit, units per case, conversion, umrechnung, faktor"),
    "on_hand": _words("""
        on hand, onhand, on hand qty, qty on hand, quantity on hand, stock, stock on hand, soh,
        inventory, stock level, stock qty, stock quantity, current stock, end inventory, start
        inventory, balance, bestand, lagerbestand, lagermenge, aktueller bestand, en stock, stock
        disponible, quantite en stock, existencias, giacenza, scorta, voorraad, estoque, stan,
        stan magazynowy, zapas, frei verwendbar, frei verwendbarer bestand, unrestricted, unrestricted
        stock, available stock, available qty
    """),
    "batch": _words("""
        batch, lot, lot number, lot no, batch no, batch number, charge, chargennummer, lote,
        lotto, partia
    """),
    "status": _words("""
        status, state, stock status, stock type, order status, bestandsart, statut, etat, estado,
        stato
    """),
    "expiry_date": _words("""
        expiry date, expiry, expiration date, expires, best before, best before date, bbd, use by,
        mhd, mindesthaltbarkeitsdatum, verfallsdatum, ablaufdatum, dlc, ddm, date de peremption,
        caducidad, fecha de caducidad, scadenza, data di scadenza, tht, houdbaarheidsdatum,
        validade, termin waznosci
    """),
    "unit_cost": _words("""
        unit cost, cost, purchase price, cost price, standard cost, buying price, einkaufspreis,
        ek, einstandspreis, cout, prix d achat, coste, costo, precio de compra, prezzo di
        acquisto, kostprijs, inkoopprijs, custo, cena zakupu
    """),
    "unit_price": _words("""
        unit price, price, selling price, retail price, sales price, list price, verkaufspreis,
        vk, prix de vente, precio de venta, prezzo di vendita, verkoopprijs, preco de venda, cena
        sprzedazy
    """),
    "order_id": _words("""
        order id, order, order no, order number, po, po number, po no, purchase order, bestellung,
        bestellnummer, bestell nr, commande, no commande, numero de pedido, pedido, ordine, numero
        ordine, bestelnummer, numero do pedido, zamowienie
    """),
    "line": _words("""
        line, line no, line number, position, pos, item line, zeile, ligne, linea, riga, regel,
        linha
    """),
    "from_source": _words("""
        from source, supplier, vendor, from, lieferant, kreditor, fournisseur, proveedor,
        fornitore, leverancier, fornecedor, dostawca
    """),
    "to_location": _words("""
        to location, to, ship to, deliver to, destination, location, store, warehouse, site,
        plant, lager, filiale, magasin, entrepot, almacen, magazzino, magazijn, empfanger
    """),
    "received": _words("""
        received, received qty, qty received, delivered, geliefert, gelieferte menge, recu,
        recibido, ricevuto, ontvangen, recebido
    """),
    "ordered_at": _words("""
        ordered at, order date, ordered, ordered on, po date, bestelldatum, date de commande,
        fecha de pedido, data ordine, besteldatum, data do pedido
    """),
    "promised_date": _words("""
        promised date, promised, confirmed date, bestatigt, zugesagt, date promise, fecha
        prometida
    """),
    "expected_date": _words("""
        expected date, expected, eta, delivery date, due date, expected delivery, lieferdatum,
        liefertermin, wunschtermin, date de livraison, fecha de entrega, data di consegna,
        leverdatum, data de entrega
    """),
    "received_at": _words("""
        received at, received on, receipt date, goods receipt date, gr date, arrival date, arrived on,
        delivered on, actual delivery date, wareneingang, wareneingangsdatum, eingangsdatum, date de
        reception, fecha de recepcion, data ricevimento, ontvangstdatum, data de recebimento
    """),
    "category": _words("""
        category, product category, group, product group, department, family, class, warengruppe,
        kategorie, sortiment, categorie, famille, rayon, categoria, familia, reparto,
        productgroep, kategoria
    """),
    "brand": _words("brand, make, marke, marque, marca, merk, marka"),
    "shelf_life_days": _words("""
        shelf life days, shelf life, life days, haltbarkeit, haltbarkeit tage, duree de vie, vida
        util, shelflife, houdbaarheid, vita utile
    """),
    "case_pack": _words("""
        case pack, casepack, case size, pack size, units per case, per case, ve,
        verpackungseinheit, gebinde, colisage, pcb, unidades por caja, pezzi per cartone, colli,
        opakowanie
    """),
    "supplier": _words("""
        supplier, supplier id, supplier code, supplier no, vendor, vendor id, vendor no,
        lieferant, lieferantennummer, kreditor, fournisseur, proveedor, fornitore, leverancier,
        fornecedor, dostawca
    """),
    "email": _words("email, e mail, mail, order email, courriel, correo"),
    "order_weekdays": _words("""
        order weekdays, order days, ordering days, bestelltage, jours de commande, dias de pedido,
        besteldagen
    """),
    "cut_off_time": _words("cut off time, cut off, cutoff, order by time, bestellschluss, heure limite"),
    "min_order_value": _words("""
        min order value, minimum order value, min order, minimum order, mindestbestellwert,
        franco, pedido minimo, minimo d ordine
    """),
    "min_scope": _words("min scope, minimum applies to, minimum scope"),
    "truck_unit": _words("truck unit, truck capacity unit, unit of truck capacity"),
    "truck_cost": _words("truck cost, cost per truck, truck price, lkw kosten, cout camion, coste camion"),
    "truck_least_fill": _words("truck least fill, minimum truck fill, least fill, mindestauslastung"),
    "trucks_at_most": _words("trucks at most, most trucks, max trucks, maximum trucks"),
    "rebate_values": _words("rebate values, rebate from, bonus values, bonusstufen"),
    "rebate_rates": _words("rebate rates, rebate, bonus rates, bonus, boni, bonussatze"),
    "price_break_kind": _words("price break kind, price break type, discount type, staffelart"),
    "min_order_units": _words("min order units, minimum order units, minimum units, mindestbestellmenge"),
    "source": _words("""
        source, supplier, supplier id, vendor, from, lieferant, quelle, fournisseur, proveedor,
        fornitore, leverancier
    """),
    "lead_time_mean": _words("""
        lead time mean, lead time, lead time days, leadtime, delivery time, lieferzeit,
        wiederbeschaffungszeit, delai, delai de livraison, plazo de entrega, tempo di consegna,
        levertijd, prazo de entrega
    """),
    "lead_time_sd": _words("""
        lead time sd, lead time std, lead time deviation, lead time standard deviation
    """),
    "moq": _words("""
        moq, minimum order quantity, min order quantity, min qty, minimum quantity, mindestmenge,
        quantite minimum, cantidad minima, quantita minima
    """),
    "storage_cost": _words("storage cost, cost of storage, storage cost per litre, lagerkosten"),
    "movement": _words("""
        movement id, movement number, movement no, transaction id, document number, material document,
        bewegung, bewegungsnummer, belegnummer
    """),
    "at": _words("""
        date, posting date, movement date, time, timestamp, booked, buchungsdatum, bewegungsdatum
    """),
    "order_multiple": _words("""
        order multiple, multiple, order unit, case pack, pack size, bestelleinheit, losgroesse,
        losgrosse, multiple de commande, multiplo
    """),
    "from_date": _words("""
        from date, from, start, start date, valid from, von, beginn, aktionsbeginn, debut, date
        debut, desde, inicio, dal, inizio, vanaf
    """),
    "to_date": _words("""
        to date, to, until, end, end date, valid to, bis, ende, aktionsende, fin, date fin, hasta,
        al, fine, tot
    """),
    "depth": _words("""
        depth, discount, discount depth, discount pct, discount share, rabatt, remise, descuento,
        sconto, korting, desconto
    """),
    "mechanic": _words("mechanic, promo type, promotion type, mechanik, aktionsart, mecanique"),
    "region": _words("region, state, province, bundesland, area, provincia, regione, regio"),
    "kind": _words("kind, type, location type, store type, order type, typ, art, tipo"),
    "time_zone": _words("time zone, timezone, tz, zeitzone"),
    "latitude": _words("latitude, lat"),
    "longitude": _words("longitude, lon, lng, long"),
    "launch_date": _words("launch date, launch, introduced, listing date, einfuhrung, einlistung"),
    "discontinue_date": _words("discontinue date, discontinued, delisting date, end of life, auslistung"),
    "origin": _words("""
        origin, from location, from store, ship from, sending location, sender, giver, von standort,
        abgang, versandort, origine, expediteur, origen, mittente, herkomst, origem, z magazynu
    """),
    "destination": _words("""
        destination, to location, to store, ship to, receiving location, receiver, taker, nach standort,
        zugang, empfanger, destinataire, destino, destinatario, bestemming, do magazynu
    """),
    "freight_per_litre": _words("freight per litre, freight per liter, freight litre, transport per litre"),
    "freight_per_unit": _words("""
        freight per unit, freight, transport cost, freight cost, fracht, frachtkosten, cout de transport,
        coste de transporte, costo di trasporto, transportkosten
    """),
    "handling": _words("handling, handling cost, umschlag, handlingkosten, manutention, manipulacion"),
    "fixed_cost": _words("fixed cost, fixed costs, cost per transfer, fixkosten, cout fixe, coste fijo"),
    "least_quantity": _words("least quantity, minimum quantity, min quantity, min qty, mindestmenge"),
    "truck_capacity": _words("truck capacity, truck size, van capacity, ladevolumen, capacite camion"),
    "transit_days": _words("""
        transit days, transit time, transit, days in transit, transportzeit, laufzeit, transporttage,
        temps de transit, dias de transito, tempo di transito
    """),
    "ship_weekdays": _words(
        "ship weekdays, ship days, shipping days, departure days, versandtage, abfahrtstage"
    ),
    "valid_from": _words("valid from"),
    "valid_to": _words("valid to, valid until"),
}
"""Target: headers, most usual first, as `folded`. A target that is not here is looked for by its own name."""

MEANINGS: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("stock", "status"): {
        "available": _words("""
            available, free, unrestricted, ok, good, a, frei, verfugbar, disponible, libre,
            disponibile, libero, beschikbaar, disponivel
        """),
        "blocked": _words("""
            blocked, block, hold, on hold, quality, qc, quarantine, damaged, b, gesperrt,
            qualitat, bloque, bloqueado, bloccato, geblokkeerd
        """),
        "reserved": _words("reserved, allocated, reserviert, reserve, reservado, riservato, gereserveerd"),
        "in_transit": _words("""
            in transit, intransit, transit, unterwegs, transport, en transit, en transito, in
            transito, onderweg
        """),
    },
    ("orders", "status"): {
        "approved": _words("approved, released, new, freigegeben, approuve, aprobado"),
        "sent": _words("""
            sent, open, confirmed, ordered, placed, pending, offen, bestellt, bestatigt,
            ouvert, envoye, abierto, enviado, aperto, open po
        """),
        "part_received": _words("""
            part received, partially received, partial, partly received, teilgeliefert,
            partiel, parcial, parziale
        """),
        "received": _words("received, delivered, complete, completed, geliefert, recu, recibido, ricevuto"),
        "closed_short": _words("closed short, closed, short, geschlossen, clos, cerrado, chiuso"),
        "cancelled": _words("cancelled, canceled, storniert, annule, cancelado, annullato"),
    },
    ("orders", "kind"): {
        "purchase": _words("""
            purchase, po, purchase order, buy, einkauf, bestellung, achat, compra, acquisto
        """),
        "transfer": _words("transfer, internal, sto, umlagerung, transfert, traspaso, trasferimento"),
        "customer": _words("customer, sales, so, kunde, client, cliente"),
    },
    ("locations", "kind"): {
        "dc": _words("""
            dc, distribution centre, distribution center, warehouse, hub, depot, lager,
            zentrallager, entrepot, almacen, magazzino, magazijn
        """),
        "store": _words("store, shop, outlet, branch, filiale, markt, magasin, tienda, negozio, winkel"),
    },
    ("sourcing", "source_kind"): {
        "supplier": _words("supplier, vendor, external, lieferant, fournisseur, proveedor, fornitore"),
        "location": _words("location, dc, warehouse, internal, lager, entrepot, almacen, magazzino"),
    },
    ("suppliers", "min_scope"): {
        "order": _words("order, total"),
        "location": _words("location, store, delivery"),
    },
    ("lanes", "lot"): {
        "each": _words("each, unit, units, pieces, stuck"),
        "case": _words("case, cases, case pack, karton, kolli, carton, caja, cartone"),
    },
    ("sourcing", "price_break_kind"): {
        "all_units": _words("all units, all, total, whole order"),
        "incremental": _words("incremental, beyond, marginal, stepwise"),
    },
    ("suppliers", "truck_unit"): {
        "each": _words("each, unit, units, pieces"),
        "litre": _words("litre, liter, l"),
        "kg": _words("kg, kilogram"),
        "pallet": _words("pallet, pallets, palette, paletten"),
    },
}
"""(kind, target): what the values of exports mean, as `folded`."""


def folded(text: str) -> str:
    """Return a header or value in the form that synonyms are written in: no case, accents or punctuation.

    Examples
    --------
    >>> folded(" Unité_de  VENTE (€)")
    'unite de vente'
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    letters = (c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join("".join(letters).casefold().split())
